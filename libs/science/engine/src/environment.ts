import { digestOf, type Digest } from '@gauntlet/study'
import { availableParallelism } from 'node:os'
import { graphOptimizerOf, oneDnnOf, type GraphOptimizer } from './device-variables.ts'
import { installedBuild } from './installed-build.ts'
import { libraryVariables } from './library-variables.ts'
import { mathFunctionsDigest } from './math-functions.ts'
import { nativeBackend } from './operator.ts'
import { threadsOfParts } from './parts.ts'
import { precisionOf, type Form, type Precision } from './programs/forms.ts'
import { processForm } from './programs/process-form.ts'
import { processorClass } from './processor.ts'
import { tf } from './tf.ts'
import { gpuModel, visibleGpus } from './visible-gpus.ts'

/**
 * What the result of a process depends on beside code and inputs, as far as the engine can see it: a change of any of
 * these fields may change bits. Two processes with equal fields compute equal bits as far as was measured. Not seen are
 * the sizes of a CPU's caches, and the driver of a GPU.
 */
export interface Environment {
  readonly libtensorflow: string
  /** The wheels of libtensorflow and the C++ code around it (`installedBuild`). */
  readonly build: readonly string[]
  readonly tfjs: string
  /**
   * `gpu` and its model; or `cpu`, its vendor, and those instruction sets by which libtensorflow and oneDNN choose
   * their code (`processorClass`).
   */
  readonly device: string
  /** Threads that one operator may use. They decide how its sums are split. */
  readonly threads: number
  /** The most parts of a batch that are computed side by side. Gradients of parameters are sums over the parts. */
  readonly parts: number
  /** The precision of the factors of products in captured programs; all else is float32. */
  readonly precision: Precision
  /** The form in which captured programs are compiled. */
  readonly form: Form['name']
  /** What TensorFlow's graph optimiser does to captured programs. The order of their sums depends on it. */
  readonly graphOptimizer: GraphOptimizer
  /** Whether a GPU may round the factors of products to ten bits (TensorFloat-32). */
  readonly tf32: boolean
  readonly deterministic: boolean
  /** Whether oneDNN's kernels are used, which add in another order than TensorFlow's own. */
  readonly oneDnn: ReturnType<typeof oneDnnOf>
  /**
   * Which bits JavaScript's own functions give (`mathFunctionsDigest`). It stands for the version of Node, which
   * changes nothing else: studies give the same artifacts under Node 20.19 to 26 (`npm run test:nodes`).
   */
  readonly mathFunctions: string
  /** What else of the environment variables the libraries read and may compute otherwise by (`libraryVariables`). */
  readonly variables: Readonly<Record<string, string>>
  readonly platform: string
}

let mathFunctions: string | undefined
let build: readonly string[] | undefined

/** Describes the engine that this process has loaded. */
export function engineEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const { binding, isUsingGpuDevice } = nativeBackend()
  const form = processForm(variables)
  return {
    libtensorflow: binding.TF_Version,
    build: (build ??= installedBuild()),
    tfjs: tf.version['tfjs-core'],
    device: isUsingGpuDevice ? `gpu ${gpuModel(visibleGpus(variables)[0] ?? '0')}` : `cpu ${processorClass()}`,
    threads: Number(variables['TF_NUM_INTRAOP_THREADS']) || availableParallelism(),
    parts: threadsOfParts(variables),
    precision: precisionOf(form),
    form: form.name,
    graphOptimizer: graphOptimizerOf(variables),
    tf32: isUsingGpuDevice && variables['NVIDIA_TF32_OVERRIDE'] !== '0',
    deterministic: /^(1|true)$/i.test(variables['TF_DETERMINISTIC_OPS'] ?? ''),
    oneDnn: oneDnnOf(variables),
    mathFunctions: (mathFunctions ??= mathFunctionsDigest()),
    variables: libraryVariables(variables),
    platform: `${process.platform}-${process.arch}`,
  }
}

/** The environment class: a digest of the environment, which is part of every stage key. */
export function environmentClass(environment: Environment): Digest {
  return digestOf(environment)
}
