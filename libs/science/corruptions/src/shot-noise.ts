import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { uniform, type RandomKey } from '@gauntlet/engine/random'
import type { Severity } from './portfolio.ts'

/** Mean number of photons of a white value. */
const photons = { 1: 60, 2: 25, 3: 12, 4: 5, 5: 3 } as const

/** The noise of counting photons: each value becomes a Poisson draw whose mean it is. */
export function shotNoise({ data, width, height }: Rgb8Image, severity: Severity, key: RandomKey): Rgb8Image {
  const scale = photons[severity]
  const distributions = Array.from({ length: 256 }, (_, byte) => poissonDistribution((byte / 255) * scale))
  const draws = uniform(key, data.length)
  const noisy = Uint8Array.from(data, (byte, i) => Math.min(quantile(distributions[byte]!, draws[i]!) / scale, 1) * 255)
  return { data: noisy, width, height }
}

/** P(X ≤ 0), P(X ≤ 1), … of a Poisson variable, until a draw of 24 bits cannot exceed it. */
function poissonDistribution(mean: number): number[] {
  const cumulative: number[] = []
  let probability = Math.exp(-mean)
  let sum = 0
  for (let count = 0; cumulative.length === 0 || cumulative.at(-1)! < 1 - 2 ** -24; count++) {
    sum += probability
    cumulative.push(sum)
    probability *= mean / (count + 1)
    if (probability === 0) break
  }
  return cumulative
}

/** The smallest count whose cumulative probability exceeds the draw, by bisection. */
function quantile(cumulative: readonly number[], draw: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! > draw) high = middle
    else low = middle + 1
  }
  return low
}
