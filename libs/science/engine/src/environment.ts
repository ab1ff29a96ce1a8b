import { digestOf, type Digest } from '@gauntlet/study'
import { availableParallelism } from 'node:os'
import { graphOptimizerOf, oneDnnOf, type GraphOptimizer } from './device-variables.ts'
import { mathFunctionsDigest } from './math-functions.ts'
import { nativeBackend } from './operator.ts'
import { threadsOfParts } from './parts.ts'
import { precisionOf, type Form, type Precision } from './programs/forms.ts'
import { processForm } from './programs/process-form.ts'
import { processorClass } from './processor.ts'
import { tf } from './tf.ts'
import { gpuModel, visibleGpus } from './visible-gpus.ts'

/**
 * What this process's machine and engine add to a result: two processes with the same environment give the same bits.
 */
export interface Environment {
  readonly libtensorflow: string
  readonly tfjs: string
  /**
   * `gpu` and its name, or `cpu`, its vendor and the instruction sets by which libtensorflow and oneDNN choose and
   * generate code.
   */
  readonly device: string
  /** Threads one operator may use: sums are split by them. */
  readonly threads: number
  /** Parts of a batch side by side, at most: gradients of parameters are sums over them. */
  readonly parts: number
  /** Of the factors of products in captured programs; all else is float32. */
  readonly precision: Precision
  /** How captured programs are compiled. */
  readonly form: Form['name']
  /**
   * How TensorFlow's graph optimiser goes about them (`graphOptimizerOf`): which sums run in which order hangs on it.
   */
  readonly graphOptimizer: GraphOptimizer
  /** Whether a GPU may round the factors of products to ten bits. */
  readonly tf32: boolean
  readonly deterministic: boolean
  /** Intel's kernels, which add in another order. */
  readonly oneDnn: ReturnType<typeof oneDnnOf>
  /**
   * Which bits JavaScript's own functions give (`mathFunctionsDigest`). It stands for the version of Node, which
   * changes nothing else: studies give the same artifacts under Node 20.19 to 26 (`npm run test:nodes`).
   */
  readonly mathFunctions: string
  readonly platform: string
}

let mathFunctions: string | undefined

/** Looks at the engine this process has loaded. */
export function engineEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const { binding, isUsingGpuDevice } = nativeBackend()
  const form = processForm(variables)
  return {
    libtensorflow: binding.TF_Version,
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
    platform: `${process.platform}-${process.arch}`,
  }
}

/** The class of an environment: its digest, part of every stage key. */
export function environmentClass(environment: Environment): Digest {
  return digestOf(environment)
}
