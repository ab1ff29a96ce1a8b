import { withOperatorsIntercepted } from './operator-interception.ts'
import { nativeBackend } from './operator.ts'
import type { Tensor } from './tf.ts'

/**
 * How often each tensor is read while `work` runs eagerly: by operators, and what it gives by the caller. Tensors are
 * told apart by `dataId`, which a reshaped one shares with the one it is made of.
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
