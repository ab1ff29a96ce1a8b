import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { interceptOperators } from './operator-interception.ts'

/** The device has no memory for a tensor. A retry with a smaller micro-batch helps. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory'
}

/**
 * How the binding reports TF_RESOURCE_EXHAUSTED (tf_status.h): for an operator with its code, for a session by the
 * message alone.
 */
const exhausted = /Invalid TF_Status: 8\b|\bOOM when allocating\b/

/** Makes every operator and every run of a program throw `OutOfMemory` where TensorFlow could not allocate memory. */
export function raiseOutOfMemory(backend: NodeJSKernelBackend): void {
  interceptOperators(backend, (_, execute) => translatingErrors(execute))
  const { runSavedModel } = backend
  backend.runSavedModel = (...call) => translatingErrors(() => runSavedModel.apply(backend, call))
}

function translatingErrors<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw asOutOfMemory(error)
  }
}

function asOutOfMemory(error: unknown): unknown {
  if (!(error instanceof Error) || !exhausted.test(error.message)) return error
  const shape = /tensor with shape(\[[\d,]*\])/.exec(error.message)?.[1] ?? 'a tensor'
  return new OutOfMemory(`The device has no memory left for ${shape}; use a smaller micro-batch.`, { cause: error })
}
