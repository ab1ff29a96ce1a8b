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

/** How one model agrees with the others. Pairs without a φ are left out. */
export interface Alikeness {
  /** The mean φ with the others; null where there is none. */
  readonly meanPhi: number | null
  /** The model that it is most alike, by its place, and their agreement; the first of several. */
  readonly closest: { readonly place: number; readonly phi: number; readonly kappa: number | null } | null
}

/** How models agree on the same images. */
export interface Alikenesses {
  /** The mean φ of every pair; null where no pair has one. */
  readonly meanPhi: number | null
  /** In the order of the models. */
  readonly models: readonly Alikeness[]
}

/**
 * Compares every pair of models in O(models² × images / 32), and keeps what it found of each model: the pairs of 2,400
 * models would take a quarter of a gigabyte.
 */
export function alikenesses(outcomes: readonly Uint32Array[], images: number): Alikenesses {
  const all = new MeanPhi()
  const models = outcomes.map(() => ({ mean: new MeanPhi(), closest: null as Alikeness['closest'] }))
  outcomes.forEach((first, i) => {
    for (let j = i + 1; j < outcomes.length; j++) {
      const { phi, kappa } = agreement(pairedCounts(first, outcomes[j]!, images))
      if (phi === null) continue
      all.add(phi)
      for (const [own, other] of [[i, j] as const, [j, i] as const]) {
        const model = models[own]!
        model.mean.add(phi)
        if (model.closest === null || phi > model.closest.phi) model.closest = { place: other, phi, kappa }
      }
    }
  })
  return { meanPhi: all.value, models: models.map(({ mean, closest }) => ({ meanPhi: mean.value, closest })) }
}

class MeanPhi {
  #sum = 0
  #count = 0

  add(phi: number): void {
    this.#sum += phi
    this.#count++
  }

  get value(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count
  }
}
