import { pairedCounts } from '../outcomes/packed-bits.ts'
import type { PairedCounts } from '../statistics/paired-outcomes.ts'

/** How far two models hold and fall on the same images. */
export interface Agreement {
  /** The correlation of the two outcomes (Pearson's φ), in [−1, 1]; null where a model always holds or always falls. */
  readonly phi: number | null
  /** Cohen's κ (1960): agreement beyond that of chance, over what chance leaves; null where chance leaves nothing. */
  readonly kappa: number | null
}

/** The agreement of two models from their outcomes on the same images; at least one image. */
export function agreement({ bothHeld, onlyFirst, onlySecond, neither }: PairedCounts): Agreement {
  const images = bothHeld + onlyFirst + onlySecond + neither
  const [first, second] = [bothHeld + onlyFirst, bothHeld + onlySecond]
  const spread = first * (images - first) * second * (images - second)
  const byChance = (first * second + (images - first) * (images - second)) / images
  return {
    phi: spread === 0 ? null : (bothHeld * neither - onlyFirst * onlySecond) / Math.sqrt(spread),
    kappa: byChance === images ? null : (bothHeld + neither - byChance) / (images - byChance),
  }
}

/** The agreement of every pair of models, as a symmetric matrix in their order. O(models² × images / 32). */
export function agreementMatrix(outcomes: readonly Uint32Array[], images: number): Agreement[][] {
  const matrix: Agreement[][] = outcomes.map(() => [])
  outcomes.forEach((first, i) => {
    for (let j = i; j < outcomes.length; j++)
      matrix[i]![j] = matrix[j]![i] = agreement(pairedCounts(first, outcomes[j]!, images))
  })
  return matrix
}
