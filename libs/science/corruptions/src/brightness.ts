import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import type { Severity } from './portfolio.ts'
import { truncatedImage, unitValues } from './unit-values.ts'

/** Added to V of HSV. */
const lifts = { 1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.5 } as const

/**
 * Raises V of HSV. With hue and saturation fixed, that scales the three channels by the same factor. Black has neither
 * hue nor saturation and becomes grey.
 */
export function brightness(image: Rgb8Image, severity: Severity): Rgb8Image {
  const values = unitValues(image)
  for (let i = 0; i < values.length; i += 3) {
    const value = Math.max(values[i]!, values[i + 1]!, values[i + 2]!)
    const lifted = Math.min(value + lifts[severity], 1)
    for (let channel = i; channel < i + 3; channel++)
      values[channel] = value === 0 ? lifted : values[channel]! * (lifted / value)
  }
  return truncatedImage(values, image)
}
