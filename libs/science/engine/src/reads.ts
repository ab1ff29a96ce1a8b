import { nativeBackend } from './operator.ts'
import type { Tensor } from './tf.ts'

/**
 * How often each tensor is read while `work` runs eagerly: by operators, and what it gives by the caller. Tensors are
 * told apart by `dataId`, which a reshaped one shares with the one it is made of.
 */
export function readsDuring(work: () => Tensor): ReadonlyMap<object, number> {
  const backend = nativeBackend()
  const { executeSingleOutput, executeMultipleOutputs } = backend
  const reads = new Map<object, number>()
  const note = (inputs: readonly object[]) => {
    const read = new Set(inputs.flatMap((input) => ('dataId' in input ? [input.dataId as object] : [])))
    for (const dataId of read) reads.set(dataId, (reads.get(dataId) ?? 0) + 1)
  }
  const observed: Pick<typeof backend, 'executeSingleOutput' | 'executeMultipleOutputs'> = {
    executeSingleOutput: (name, attributes, inputs) => {
      note(inputs)
      return executeSingleOutput.call(backend, name, attributes, inputs)
    },
    executeMultipleOutputs: (name, attributes, inputs, count) => {
      note(inputs)
      return executeMultipleOutputs.call(backend, name, attributes, inputs, count)
    },
  }
  Object.assign(backend, observed)
  try {
    note([work()])
  } finally {
    Object.assign(backend, { executeSingleOutput, executeMultipleOutputs })
  }
  return reads
}
