/** A Gaussian at the integers from −reach to reach, of sum 1. */
export function gaussianTaps(reach: number, deviation: number): number[] {
  const raw = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)))
  const sum = raw.reduce((total, value) => total + value, 0)
  return raw.map((value) => value / sum)
}
