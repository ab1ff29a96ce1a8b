import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'

type ExecuteMethods = Pick<NodeJSKernelBackend, 'executeSingleOutput' | 'executeMultipleOutputs'>
type ExecuteParameters = Parameters<NodeJSKernelBackend['executeSingleOutput']>

/** An operator that the backend is asked to execute. */
export interface OperatorCall {
  readonly name: string
  readonly attributes: ExecuteParameters[1]
  readonly inputs: ExecuteParameters[2]
}

/** Called in place of each operator. `execute` runs the operator, with the interceptors that were installed before. */
export type OperatorInterceptor = (call: OperatorCall, execute: () => Tensor[]) => Tensor[]

/**
 * Calls `intercept` in place of every operator that the backend executes, those of gradients included, until the
 * function that this returns is called. tfjs executes operators by these two methods only.
 */
export function interceptOperators(backend: ExecuteMethods, intercept: OperatorInterceptor): () => void {
  const { executeSingleOutput, executeMultipleOutputs } = backend
  const intercepting: ExecuteMethods = {
    executeSingleOutput: (name, attributes, inputs) =>
      intercept({ name, attributes, inputs }, () => [executeSingleOutput.call(backend, name, attributes, inputs)])[0]!,
    executeMultipleOutputs: (name, attributes, inputs, outputs) =>
      intercept({ name, attributes, inputs }, () =>
        executeMultipleOutputs.call(backend, name, attributes, inputs, outputs),
      ),
  }
  Object.assign(backend, intercepting)
  return () => void Object.assign(backend, { executeSingleOutput, executeMultipleOutputs })
}

/** Runs `work` with its operators intercepted. */
export function withOperatorsIntercepted<Result>(
  backend: ExecuteMethods,
  intercept: OperatorInterceptor,
  work: () => Result,
): Result {
  const stop = interceptOperators(backend, intercept)
  try {
    return work()
  } finally {
    stop()
  }
}
