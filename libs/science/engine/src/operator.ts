import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js'
import { tf, type Tensor } from './tf.ts'

/**
 * An attribute of a TensorFlow operator: a string, a boolean, a data type, one or several integers, or a real number.
 */
export type OperatorAttribute =
  | string
  | boolean
  | { readonly type: keyof typeof dataTypes }
  | { readonly integers: number[] }
  | { readonly real: number }

const dataTypes = { float32: 1, int32: 3, complex64: 8 } as const // tensorflow/core/framework/types.proto

/** tfjs's backend, which executes every operator. */
export function nativeBackend(): NodeJSKernelBackend {
  return tf.backend() as unknown as NodeJSKernelBackend
}

/** Runs the TensorFlow operator `name` and gives its outputs. */
export function runOperator(
  name: string,
  attributes: Record<string, OperatorAttribute>,
  inputs: readonly Tensor[],
  outputs = 1,
): Tensor[] {
  const backend = nativeBackend()
  return backend.executeMultipleOutputs(
    name,
    nativeAttributes(backend, attributes),
    [...inputs],
    outputs,
  ) as unknown as Tensor[]
}

function nativeAttributes(
  { binding }: NodeJSKernelBackend,
  attributes: Record<string, OperatorAttribute>,
): TFEOpAttr[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'string') return { name, type: binding.TF_ATTR_STRING, value }
    if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value }
    if ('type' in value) return { name, type: binding.TF_ATTR_TYPE, value: dataTypes[value.type] }
    if ('integers' in value) return { name, type: binding.TF_ATTR_INT, value: value.integers }
    return { name, type: binding.TF_ATTR_FLOAT, value: value.real }
  })
}
