/**
 * The micro-batch that fine-tuning is to use: the configuration's own, or half of it, and so on, until it is smaller
 * than the smallest that is known to have run out of memory on such a device. Null where not even one image fits.
 */
export function microBatchBelow(own: number, ranOutAt: number | null): number | null {
  let microBatch = own
  while (ranOutAt !== null && microBatch >= ranOutAt) microBatch = Math.floor(microBatch / 2)
  return microBatch >= 1 ? microBatch : null
}
