import type { Digest } from '@gauntlet/study'
import type { Outcome } from './outcome.ts'

/** Outcomes are not those of the expected images, so that no accuracy may be made of them. */
export class CoverageBroken extends Error {
  override readonly name = 'CoverageBroken'

  constructor(reason: string) {
    super(`The outcomes do not cover the test images: ${reason}; run this evaluation again.`)
  }
}

/**
 * Counts the images that held, and refuses outcomes in which an expected image is missing or there twice. `expected[i]`
 * is the digest of test image i of the manifest. Two images of the same bytes are distinguished by their index.
 */
export function tally(outcomes: readonly Outcome[], expected: readonly Digest[]): { correct: number; total: number } {
  const seen = new Set<number>()
  let correct = 0
  for (const { index, image, held } of outcomes) {
    if (expected[index] === undefined)
      throw new CoverageBroken(`there is an outcome for image ${index}, but only ${expected.length} images`)
    if (expected[index] !== image)
      throw new CoverageBroken(`image ${index} is ${expected[index]} in the manifest and ${image} in the outcomes`)
    if (seen.has(index)) throw new CoverageBroken(`image ${index} has two outcomes`)
    seen.add(index)
    if (held) correct++
  }
  if (seen.size !== expected.length)
    throw new CoverageBroken(`${expected.length - seen.size} of ${expected.length} images have no outcome`)
  return { correct, total: expected.length }
}
