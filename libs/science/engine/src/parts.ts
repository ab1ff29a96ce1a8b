import process from 'node:process'
import { nativeBackend } from './operator.ts'

/** Rows of a part at least: fewer are not worth a thread. Evaluations ask for more (`passRows`). */
export const fewestRows = 4

/** Threads that compute parts of a batch side by side: those between operators, on a CPU (`deviceVariables`). */
export function threadsOfParts(variables: NodeJS.ProcessEnv = process.env): number {
  return nativeBackend().isUsingGpuDevice ? 1 : Number(variables['TF_NUM_INTEROP_THREADS']) || 1
}

/**
 * Equal parts into which a batch of so many rows is cut, so that each is computed by a thread of its own from the first
 * layer to the last: threads that share out every operator wait for one another hundreds of times a pass (decision
 * 0017). The largest divisor of the rows for which there are threads.
 */
export function partsOf(rows: number, threads = threadsOfParts()): number {
  let parts = Math.max(1, Math.min(threads, Math.floor(rows / fewestRows)))
  while (rows % parts !== 0) parts--
  return parts
}
