import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { uniform, type RandomKey } from '@gauntlet/engine/random'
import type { Severity } from './portfolio.ts'

/** Share of the values that become black or white. */
const amounts = { 1: 0.03, 2: 0.06, 3: 0.09, 4: 0.17, 5: 0.27 } as const

/**
 * Salt and pepper: some values, chosen channel by channel, become black or white with equal probability, as by
 * skimage's `random_noise(mode='s&p')`.
 */
export function impulseNoise({ data, width, height }: Rgb8Image, severity: Severity, key: RandomKey): Rgb8Image {
  const amount = amounts[severity]
  const draws = uniform(key, data.length)
  // One draw decides both: below amount / 2 the value becomes white, from there to amount black.
  const noisy = Uint8Array.from(data, (byte, i) => (draws[i]! >= amount ? byte : draws[i]! < amount / 2 ? 255 : 0))
  return { data: noisy, width, height }
}
