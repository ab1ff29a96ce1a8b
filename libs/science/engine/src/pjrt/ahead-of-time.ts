import type { CompilerSetting } from './compile-options.ts'
import { compileOptions, compilerSettings } from './compile-options.ts'
import type { LoweredProgram } from './lowering.ts'
import { pjrtAddition, type ProgramMemory } from './pjrt-addition.ts'
import { translatingPjrt } from './pjrt-errors.ts'

/** What a program costs on a device that is not here. */
export interface CompiledAhead {
  /** Seconds in which it was compiled. */
  readonly seconds: number
  /** Bytes on the device. */
  readonly memory: ProgramMemory
}

/** A device that a plugin of NVIDIA's compiles for without having it. */
export interface TargetDevice {
  readonly name: string
  /** XLA's GpuTargetConfigProto (xla/stream_executor/device_description.proto) as text. */
  readonly description: string
}

/** An NVIDIA H100 with 80 GB: the numbers of xla/backends/gpu/target_config/specs/h100_sxm.txtpb. */
export const h100: TargetDevice = {
  name: 'h100',
  description: `gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152 shared_memory_per_core: 233472
  threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128 block_dim_limit_x: 2147483647
  block_dim_limit_y: 65535 block_dim_limit_z: 65535 memory_bandwidth: 3352320000000 l2_cache_size: 52428800
  clock_rate_ghz: 1.98 device_memory_size: 84929347584 shared_memory_per_block_optin: 232448
  cuda_compute_capability { major: 9 } registers_per_core_limit: 65536 registers_per_block_limit: 65536
}
platform_name: "CUDA"
runtime_version { major: 13 minor: 0 patch: 0 }
dnn_version_info { major: 9 minor: 12 }
device_description_str: "NVIDIA H100 80GB HBM3"
`,
}

/**
 * Compiles a program for a device that is not here, as a process there would, with `more` settings of the compiler.
 * Throws `DeviceFailed` where the plugin refuses.
 *
 * @param plugin The path of a plugin of NVIDIA's.
 */
export function compileAhead(
  plugin: string,
  { name, description }: TargetDevice,
  { module }: Pick<LoweredProgram, 'module'>,
  more: readonly CompilerSetting[] = [],
): CompiledAhead {
  const addition = pjrtAddition()
  addition.load(plugin)
  const options = compileOptions([...compilerSettings('cuda'), ...more])
  const topology = [
    ['target_config', description],
    ['topology', '1x1x1'],
  ] as const
  const begun = performance.now()
  const program = translatingPjrt(`compiling for ${name}`, () =>
    addition.compileFor(plugin, name, topology, module, options),
  )
  const compiled = { seconds: (performance.now() - begun) / 1000, memory: addition.programMemory(program) }
  addition.freeProgram(program)
  return compiled
}
