import { digestOf, type Digest } from '@gauntlet/study'
import { availableParallelism } from 'node:os'
import { oneDnnOf } from './device-variables.ts'
import { bindingFolder, installedBuild } from './installed-build.ts'
import { libraryVariables } from './library-variables.ts'
import { mathFunctionsDigest } from './math-functions.ts'
import { nativeBackend } from './operator.ts'
import { threadsOfParts } from './parts.ts'
import type { CompilerEnvironment } from './pjrt/compiler-environment.ts'
import { pjrtDevice } from './pjrt/pjrt-device.ts'
import { processPrecision, type PrecisionName } from './graphs/precision.ts'
import { processorClass } from './processor.ts'
import { tf } from './tf.ts'

/**
 * What the result of a process depends on beside code and inputs, as far as the engine can see it: a change of any of
 * these fields may change bits. Two processes with equal fields compute equal bits as far as was measured. Not seen are
 * the sizes of a CPU's caches, and the driver of an accelerator.
 */
export interface Environment {
  readonly libtensorflow: string
  /** The wheels of libtensorflow and the C++ code around it (`installedBuild`). */
  readonly build: readonly string[]
  readonly tfjs: string
  /**
   * What runs programs: an accelerator's platform and model; or `cpu`, its vendor, and those instruction sets by which
   * libtensorflow and oneDNN choose their code (`processorClass`).
   */
  readonly device: string
  /** What compiles programs for the device; absent where TensorFlow runs them, on the CPU. */
  readonly compiler?: CompilerEnvironment
  /** Threads that one operator may use. They decide how its sums are split. */
  readonly threads: number
  /** The most parts of a batch that are computed side by side. Gradients of parameters are sums over the parts. */
  readonly parts: number
  /** The precision of the factors of products in captured programs; all else is float32. */
  readonly precision: PrecisionName
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
  const accelerator = pjrtDevice()
  return {
    libtensorflow: nativeBackend().binding.TF_Version,
    build: (build ??= installedBuild(bindingFolder(), accelerator !== undefined)),
    tfjs: tf.version['tfjs-core'],
    device: accelerator?.model ?? `cpu ${processorClass()}`,
    ...(accelerator && { compiler: accelerator.compiler }),
    threads: Number(variables['TF_NUM_INTRAOP_THREADS']) || availableParallelism(),
    parts: threadsOfParts(variables),
    precision: processPrecision(variables).name,
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
