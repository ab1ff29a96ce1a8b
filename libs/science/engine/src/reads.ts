import { withOperatorsIntercepted } from './operator-interception.ts'
import { nativeBackend } from './operator.ts'
import type { Tensor } from './tf.ts'

/**
 * How often each tensor is read while `work` runs eagerly. An operator counts once, and so does the caller, who reads
 * the tensor that `work` returns. The key is a tensor's `dataId`, which a reshaped tensor shares with the original.
 */
export function readsDuring(work: () => Tensor): ReadonlyMap<object, number> {
  const reads = new Map<object, number>()
  const note = (inputs: readonly object[]) => {
    const read = new Set(inputs.flatMap((input) => ('dataId' in input ? [input.dataId as object] : [])))
    for (const dataId of read) reads.set(dataId, (reads.get(dataId) ?? 0) + 1)
  }
  const result = withOperatorsIntercepted(
    nativeBackend(),
    ({ inputs }, execute) => {
      note(inputs)
      return execute()
    },
    work,
  )
  note([result])
  return reads
}
