import { countBoth } from '../outcomes/packed-bits.ts'
import { wordBelow } from './keyed-words.ts'

/**
 * Images drawn with replacement, as bit planes: an image that was drawn m times has bit k of m in plane k. Counting the
 * drawn images that held is then a few ANDs and bit counts, Σ 2ᵏ |planeₖ ∧ outcomes|, however many were drawn.
 */
export type ImageDraw = readonly Uint32Array[]

/** One image for each word, out of `words.length`. */
export function drawImages(words: Uint32Array): ImageDraw {
  const images = words.length
  const times = new Uint32Array(images)
  let most = 0
  for (const word of words) most = Math.max(most, ++times[wordBelow(word, images)]!)
  const planes = Array.from({ length: 32 - Math.clz32(most) }, () => new Uint32Array(Math.ceil(images / 32)))
  times.forEach((count, i) => {
    for (let k = 0; count >>> k > 0; k++) if ((count >>> k) & 1) planes[k]![i >>> 5]! |= 1 << (i & 31)
  })
  return planes
}

/** How many of the drawn images held, each as often as it was drawn. */
export function heldInDraw(draw: ImageDraw, outcomes: Uint32Array): number {
  let count = 0
  for (let k = 0; k < draw.length; k++) count += 2 ** k * countBoth(draw[k]!, outcomes)
  return count
}
