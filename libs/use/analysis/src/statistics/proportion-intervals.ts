import { betaQuantile } from '../distributions/continuous.ts'
import { normalUpperQuantile } from '../distributions/normal.ts'

/** Images that held out of images judged. */
export interface Count {
  readonly correct: number
  /** At least 1. */
  readonly total: number
}

/**
 * Wilson's score interval of a proportion (E. B. Wilson, JASA 22, 1927). Unlike the normal approximation it stays
 * inside [0, 1] and has a width at 0 and 1, where robust accuracies often lie (Brown, Cai and DasGupta 2001).
 */
export function wilsonInterval({ correct, total }: Count, confidence = 0.95): readonly [number, number] {
  const z = normalUpperQuantile((1 - confidence) / 2)
  const proportion = correct / total
  const centre = proportion + z ** 2 / (2 * total)
  const spread = z * Math.sqrt((proportion * (1 - proportion)) / total + z ** 2 / (4 * total ** 2))
  const scale = 1 + z ** 2 / total
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)]
}

/**
 * Clopper and Pearson's exact 95 % interval of a proportion (Biometrika 26, 1934): covers with at least 95 %, and is
 * wider than Wilson's for it.
 */
export function clopperPearsonInterval({ correct, total }: Count): readonly [number, number] {
  const tail = (1 - 0.95) / 2
  return [
    correct === 0 ? 0 : betaQuantile(tail, correct, total - correct + 1),
    correct === total ? 1 : betaQuantile(1 - tail, correct + 1, total - correct),
  ]
}
