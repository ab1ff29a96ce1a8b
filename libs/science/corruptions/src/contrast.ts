import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import type { Severity } from './portfolio.ts'
import { truncatedImage, unitValues } from './unit-values.ts'

/** Part of the distance to the mean that is kept. */
const kept = { 1: 0.4, 2: 0.3, 3: 0.2, 4: 0.1, 5: 0.05 } as const

/** Moves every value towards the mean of its channel. */
export function contrast(image: Rgb8Image, severity: Severity): Rgb8Image {
  const values = unitValues(image)
  const means = [0, 1, 2].map((channel) => meanOfChannel(values, channel))
  return truncatedImage(
    values.map((value, i) => (value - means[i % 3]!) * kept[severity] + means[i % 3]!),
    image,
  )
}

function meanOfChannel(values: Float64Array, channel: number): number {
  let sum = 0
  for (let i = channel; i < values.length; i += 3) sum += values[i]!
  return sum / (values.length / 3)
}
