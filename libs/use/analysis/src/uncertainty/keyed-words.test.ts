import { describe, expect, it } from 'vitest'
import { referenceFixture } from '../reference.fixture.ts'
import { encryptBlock, keyedWords, wordBelow } from './keyed-words.ts'

describe('keyed words', () => {
  // Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, result.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('have the published vectors of Philox: %o', (counter, [k0, k1], expected) => {
    const words = Uint32Array.from(counter)
    encryptBlock(words, 0, k0, k1)
    expect([...words]).toEqual(expected)
  })

  it('are those that the reference draws for seed, purpose and draw', () => {
    const { seed, words } = referenceFixture<{
      seed: number
      words: { draw: number; purpose: string; words: number[] }
    }>('bootstrap')
    expect([...keyedWords({ seed, purpose: words.purpose })(words.draw, words.words.length)]).toEqual(words.words)
  })

  it('of a draw do not depend on how many are asked for, and differ between draws, seeds and purposes', () => {
    const stream = keyedWords({ seed: 1, purpose: 'a' })
    expect([...stream(5, 3)]).toEqual(Array.from(stream(5, 100).subarray(0, 3)))
    const others = [
      stream(6, 4),
      keyedWords({ seed: 2, purpose: 'a' })(5, 4),
      keyedWords({ seed: 1, purpose: 'b' })(5, 4),
    ]
    for (const other of others) expect([...other]).not.toEqual([...stream(5, 4)])
  })

  it('below a limit are spread evenly over it', () => {
    const counts = new Uint32Array(10)
    for (const word of keyedWords({ seed: 3, purpose: 'spread' })(0, 100_000)) counts[wordBelow(word, 10)]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500) // five deviations
    expect([wordBelow(0, 7), wordBelow(0xffffffff, 7)]).toEqual([0, 6])
  })
})
