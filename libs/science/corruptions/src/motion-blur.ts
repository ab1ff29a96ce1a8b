import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { uniform, type RandomKey } from '@gauntlet/engine/random'
import { smear } from './motion-path.ts'
import type { Severity } from './portfolio.ts'

/** Radius and standard deviation of the blur, in pixels. */
const smears = { 1: [10, 3], 2: [15, 5], 3: [15, 8], 4: [15, 12], 5: [20, 15] } as const

/** The blur of a camera that moves while its shutter is open, in a direction within 45° of the horizontal. */
export function motionBlur({ data, width, height }: Rgb8Image, severity: Severity, key: RandomKey): Rgb8Image {
  const [radius, deviation] = smears[severity]
  const degrees = 90 * uniform(key, 1)[0]! - 45
  const smeared = smear({ values: Float64Array.from(data), width, height, channels: 3 }, { radius, deviation, degrees })
  return { data: Uint8Array.from(smeared, (value) => Math.min(Math.max(value, 0), 255)), width, height }
}
