import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { interceptOperators } from './operator-interception.ts'

/** The device has no room for a tensor; a retry helps with a smaller micro-batch. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory'
}

/**
 * TF_RESOURCE_EXHAUSTED of tf_status.h, as the binding words it for an operator; of a session it gives the message
 * alone.
 */
const exhausted = /Invalid TF_Status: 8\b|\bOOM when allocating\b/

/**
 * Makes every operator, tfjs's own among them, and every run of a program raise `OutOfMemory` where TensorFlow could
 * not allocate.
 */
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
