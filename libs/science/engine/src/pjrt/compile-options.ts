import { ProtocolBuffer } from '../graphs/protocol-buffer.ts'

/** A setting of XLA's compiler, by the name of its flag. */
export type CompilerSetting = readonly [flag: string, value: boolean | number]

/**
 * Settings for every platform. Without this one XLA leaves out roundings that a program asks for, such as those to
 * bfloat16, where it can keep more digits, and that depends on what it fuses.
 */
const settingsOfAll: readonly CompilerSetting[] = [['xla_allow_excess_precision', false]]

/**
 * Settings for GPUs. A kernel that adds in any order is replaced or refused, and no kernel is chosen by measuring it,
 * since that choice, and the bits with it, would differ from process to process. Products are left to the vendor's
 * library, which chooses by rule; XLA's own kernels for them are made to be measured, and without a device XLA refuses
 * them under the first setting.
 */
const settingsOfGpus: readonly CompilerSetting[] = [
  ['xla_gpu_exclude_nondeterministic_ops', true],
  ['xla_gpu_autotune_level', 0],
  ['xla_gpu_enable_triton_gemm', false],
]

/** The settings with which programs are compiled for a platform. */
export function compilerSettings(platform: string): readonly CompilerSetting[] {
  return /cuda|rocm|gpu/i.test(platform) ? [...settingsOfAll, ...settingsOfGpus] : settingsOfAll
}

/** A CompileOptionsProto (xla/pjrt/proto/compile_options.proto) for one device. */
export function compileOptions(settings: readonly CompilerSetting[]): Uint8Array {
  const build = new ProtocolBuffer().integer(4, 1).integer(5, 1) // one replica, one partition
  const options = new ProtocolBuffer().message(3, build)
  for (const [flag, value] of settings) {
    const override = new ProtocolBuffer()
    options.entry(7, flag, typeof value === 'boolean' ? override.integer(2, value) : override.integer(3, value))
  }
  return options.finish()
}
