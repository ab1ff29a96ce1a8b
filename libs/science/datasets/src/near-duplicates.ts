import { resizeSquare } from './images/pillow-resize.ts'
import type { Rgb8Image } from './images/rgb8-image.ts'

/** What an image looks like from afar. */
export interface Glance {
  /** [12 × 12] grey levels. */
  readonly greys: Uint8Array
  /** 64 bits: whether each of 8 × 8 points is brighter than its right neighbour (Krawetz' difference hash). */
  readonly bits: readonly [number, number]
  readonly aspect: number
}

/** Two images that look alike. */
export interface AlikePair {
  readonly first: number
  readonly second: number
}

const side = 12
/**
 * Bits in which the hashes of two images that look alike may differ, and grey levels by which the images may, on
 * average.
 */
const [mostBits, mostLevels] = [4, 3]

/** Looks at an image from afar. */
export function glanceAt(image: Rgb8Image): Glance {
  const points = greyLevels(resizeSquare(image, 9))
  const bits = [0, 0] as [number, number]
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 8; x++) if (points[y * 9 + x]! > points[y * 9 + x + 1]!) bits[y >> 2]! |= 1 << ((y & 3) * 8 + x)
  return { greys: greyLevels(resizeSquare(image, side)), bits, aspect: image.width / image.height }
}

function greyLevels({ data }: Rgb8Image): Uint8Array {
  return Uint8Array.from({ length: data.length / 3 }, (_, i) =>
    Math.round(0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!),
  )
}

/** Pairs of one image each that look alike: scaled, compressed or slightly changed copies of one another. */
export function alikePairs(firsts: readonly Glance[], seconds: readonly Glance[]): AlikePair[] {
  const pairs: AlikePair[] = []
  for (const [first, a] of firsts.entries())
    for (const [second, b] of seconds.entries()) if (looksAlike(a, b)) pairs.push({ first, second })
  return pairs
}

function looksAlike(a: Glance, b: Glance): boolean {
  if (ones(a.bits[0] ^ b.bits[0]) + ones(a.bits[1] ^ b.bits[1]) > mostBits) return false
  if (Math.abs(a.aspect / b.aspect - 1) > 0.05) return false
  let difference = 0
  for (let i = 0; i < a.greys.length; i++) difference += Math.abs(a.greys[i]! - b.greys[i]!)
  return difference <= mostLevels * a.greys.length
}

/** The number of ones among 32 bits. */
function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
