/**
 * The micro-batch that fine-tuning is to use: the configuration's own, or half of it, and so on, until it is smaller
 * than the smallest that is known to have run out of memory on such a device. Null where not even one image fits.
 */
export function microBatchBelow(own: number, ranOutAt: number | null): number | null {
  if (ranOutAt === null || own < ranOutAt) return own
  return own === 1 ? null : microBatchBelow(Math.floor(own / 2), ranOutAt)
}
