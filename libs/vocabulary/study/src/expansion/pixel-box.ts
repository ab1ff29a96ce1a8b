/**
 * The greatest distance between two images of `side` × `side` pixels in three channels with values in [0, 1]. A ball of
 * this radius has every image in it, so that an attack in it measures nothing.
 */
export function largestDistance(norm: 'Linf' | 'L2' | 'L1', side: number): number {
  const values = 3 * side ** 2
  return { Linf: 1, L2: Math.sqrt(values), L1: values }[norm]
}
