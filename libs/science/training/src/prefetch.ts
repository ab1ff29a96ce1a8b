import type { TrainingData } from './training-data.ts'

/** Reads that are under way beside the batch in use. */
const depth = 2

/**
 * The data, read ahead: while one batch is in use, those of the next `order` are read. What is asked for out of order
 * is read at once, so that the batches are the same in any case.
 */
export function prefetched(data: TrainingData, order: readonly (readonly number[])[], epoch: number): TrainingData {
  const underWay: { readonly indices: readonly number[]; readonly read: ReturnType<TrainingData['read']> }[] = []
  let next = 0
  const fill = () => {
    while (underWay.length < depth && next < order.length) {
      const indices = order[next++]!
      const read = data.read(indices, epoch)
      read.catch(() => undefined) // whoever asks for the batch hears of it
      underWay.push({ indices, read })
    }
  }
  fill()
  return {
    ...data,
    read(indices, asked) {
      const [first] = underWay
      if (asked !== epoch || first?.indices !== indices) return data.read(indices, asked)
      underWay.shift()
      fill()
      return first.read
    },
  }
}
