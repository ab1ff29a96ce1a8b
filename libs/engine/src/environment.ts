import { digestOf, type Digest } from '@gauntlet/study'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { nativeBackend } from './operator.ts'
import { threadsOfParts } from './parts.ts'
import { precisionOf, type Form, type Precision } from './programs/forms.ts'
import { processForm } from './programs/process-form.ts'
import { tf } from './tf.ts'
import { gpuModel, visibleGpus } from './visible-gpus.ts'

/** By infra/binding/session-options.cc; another name goes with other options there. */
const graphOptimizer = 'one pass'

/** What this process's machine and engine add to a result: two processes with the same environment give the same bits. */
export interface Environment {
  readonly libtensorflow: string
  readonly tfjs: string
  /** `gpu` and its name, or `cpu`, its vendor and the instruction sets by which libtensorflow and oneDNN choose and generate code. */
  readonly device: string
  /** Threads one operator may use: sums are split by them. */
  readonly threads: number
  /** Parts of a batch side by side, at most: gradients of parameters are sums over them. */
  readonly parts: number
  /** Of the factors of products in captured programs; all else is float32. */
  readonly precision: Precision
  /** How captured programs are compiled. */
  readonly form: Form['name']
  /** How TensorFlow's graph optimiser goes about them: which sums run in which order hangs on it. */
  readonly graphOptimizer: typeof graphOptimizer
  /** Whether a GPU may round the factors of products to ten bits. */
  readonly tf32: boolean
  readonly deterministic: boolean
  /** Intel's kernels, on unless told otherwise; they add in another order. */
  readonly oneDnn: boolean
  readonly platform: string
}

/** Looks at the engine this process has loaded. */
export function engineEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const { binding, isUsingGpuDevice } = nativeBackend()
  const form = processForm(variables)
  return {
    libtensorflow: binding.TF_Version,
    tfjs: tf.version['tfjs-core'],
    device: isUsingGpuDevice ? `gpu ${gpuModel(visibleGpus(variables)[0] ?? '0')}` : `cpu ${cpuClass()}`,
    threads: Number(variables['TF_NUM_INTRAOP_THREADS']) || availableParallelism(),
    parts: threadsOfParts(variables),
    precision: precisionOf(form),
    form: form.name,
    graphOptimizer,
    tf32: isUsingGpuDevice && variables['NVIDIA_TF32_OVERRIDE'] !== '0',
    deterministic: /^(1|true)$/i.test(variables['TF_DETERMINISTIC_OPS'] ?? ''),
    oneDnn: !/^(0|false)$/i.test(variables['TF_ENABLE_ONEDNN_OPTS'] ?? ''),
    platform: `${process.platform}-${process.arch}`,
  }
}

/** The class of an environment: its digest, part of every stage key. */
export function environmentClass(environment: Environment): Digest {
  return digestOf(environment)
}

const instructionSets = ['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'avx_vnni', 'amx_tile', 'sve', 'sve2']

/** Where the kernel does not list them (macOS), the processor's model stands for its instruction sets. */
function cpuClass(): string {
  const information = textOf('/proc/cpuinfo')
  const vendor = /^vendor_id\s*:\s*(.+)$/m.exec(information)?.[1] ?? cpus()[0]?.model ?? 'unknown'
  const flags = new Set(/^(?:flags|Features)\s*:\s*(.+)$/m.exec(information)?.[1]?.split(' '))
  return [vendor, ...instructionSets.filter((name) => flags.has(name))].join(' ')
}

/** Empty where the operating system has no such file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
