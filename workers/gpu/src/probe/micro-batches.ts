import { OutOfMemory } from '@gauntlet/engine'

/** Images of 224 × 224 in the first micro-batch. */
const imagesOf224 = 8

/**
 * Calls `work` on all images, a micro-batch at a time. The micro-batch is halved from where the device has no room for
 * it, which changes no result: in evaluation, what a model computes of an image does not depend on the others.
 */
export function inMicroBatches(
  shape: readonly [count: number, height: number, width: number, channels: number],
  work: (from: number, to: number) => void,
  report: (done: number, total: number) => void,
): void {
  const [count, height, width] = shape
  let size = Math.max(1, Math.min(64, Math.floor((imagesOf224 * 224 * 224) / (height * width))))
  for (let from = 0; from < count;) {
    const to = Math.min(count, from + size)
    try {
      work(from, to)
      report(to, count)
      from = to
    } catch (error) {
      if (!(error instanceof OutOfMemory) || size === 1) throw error
      size = Math.ceil(size / 2)
    }
  }
}
