import process from 'node:process'
import { pjrtDevice } from './pjrt/pjrt-device.ts'

/** The fewest rows of a part: fewer are not worth a thread. Evaluations have more (`passRows`). */
export const fewestRows = 4

/**
 * The number of threads that compute parts of a batch side by side: TensorFlow's threads between operators
 * (`deviceVariables`). XLA divides every operator itself.
 */
export function threadsOfParts(variables: NodeJS.ProcessEnv = process.env): number {
  return pjrtDevice() ? 1 : Number(variables['TF_NUM_INTEROP_THREADS']) || 1
}

/**
 * The number of equal parts into which a batch is cut, so that one thread computes each from the first layer to the
 * last. Threads that share every operator would wait for one another hundreds of times a pass (decision 0017). It is
 * the largest divisor of `rows` that leaves each part `fewestRows` and each thread one part at most.
 */
export function partsOf(rows: number, threads = threadsOfParts()): number {
  let parts = Math.max(1, Math.min(threads, Math.floor(rows / fewestRows)))
  while (rows % parts !== 0) parts--
  return parts
}
