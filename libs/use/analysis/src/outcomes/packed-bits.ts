import type { PairedCounts } from '../statistics/paired-outcomes.ts'

/** Packs outcomes, one bit an image: image i is bit i mod 32 of word ⌊i / 32⌋, set where the image held. */
export function packOutcomes(held: ArrayLike<boolean>): Uint32Array {
  const words = new Uint32Array(Math.ceil(held.length / 32))
  for (let i = 0; i < held.length; i++) if (held[i]) words[i >>> 5]! |= 1 << (i & 31)
  return words
}

/** Whether image `i` held. */
export function heldAt(outcomes: Uint32Array, i: number): boolean {
  return ((outcomes[i >>> 5]! >>> (i & 31)) & 1) === 1
}

/** How many images held. */
export function countHeld(outcomes: Uint32Array): number {
  let count = 0
  for (const word of outcomes) count += bitCount(word)
  return count
}

/** How many images are set in both. */
export function countBoth(a: Uint32Array, b: Uint32Array): number {
  let count = 0
  for (let i = 0; i < a.length; i++) count += bitCount(a[i]! & b[i]!)
  return count
}

/** The outcomes of two models on the same `images` images, counted. */
export function pairedCounts(first: Uint32Array, second: Uint32Array, images: number): PairedCounts {
  const bothHeld = countBoth(first, second)
  const onlyFirst = countHeld(first) - bothHeld
  const onlySecond = countHeld(second) - bothHeld
  return { bothHeld, onlyFirst, onlySecond, neither: images - bothHeld - onlyFirst - onlySecond }
}

/** Bits set in a word, by adding neighbours in pairs, fours and eights (Warren, Hacker's Delight, fig. 5–2). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
