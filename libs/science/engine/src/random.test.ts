import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { normal, permutation, philox4x32, philoxWords, uniform, type RandomKey } from './random.ts'

const keys: fc.Arbitrary<RandomKey> = fc.record(
  { seed: fc.nat(), purpose: fc.string(), image: fc.string(), iteration: fc.nat() },
  { requiredKeys: ['seed', 'purpose'] },
)

describe('Philox4x32-10', () => {
  // The vectors are those of Random123 1.14, tests/kat_vectors, "philox4x32 10": counter, key, result.
  test.each([
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('gives the published words for the counter %s and the key %s', (counter, key, result) => {
    const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16))
    const [c0, c1, c2, c3] = words(counter) as [number, number, number, number]
    const [k0, k1] = words(key) as [number, number]
    expect(philox4x32(c0, c1, c2, c3, k0, k1)).toEqual(words(result))
  })

  it('multiplies 32-bit words exactly, as BigInt does', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff })
    fc.assert(
      fc.property(word, word, word, word, word, word, (c0, c1, c2, c3, k0, k1) => {
        expect(philox4x32(c0, c1, c2, c3, k0, k1)).toEqual(
          philoxByDefinition([c0, c1, c2, c3].map(BigInt), [k0, k1].map(BigInt)),
        )
      }),
    )
  })
})

it('draws the same numbers for the same key, and a longer draw begins with the shorter one', () => {
  fc.assert(
    fc.property(keys, fc.nat(40), fc.nat(40), (key, count, more) => {
      expect(uniform(key, count + more).slice(0, count)).toEqual(uniform({ ...key }, count))
    }),
  )
})

it('draws other numbers when any part of the key differs', () => {
  const key = { seed: 1, purpose: 'start', image: 'a', iteration: 0 }
  const others = [
    { ...key, seed: 2 },
    { ...key, purpose: 'shuffle' },
    { ...key, image: 'b' },
    { ...key, iteration: 1 },
    { seed: 1, purpose: 'start', iteration: 0 },
  ]
  const draws = [key, ...others].map((each) => uniform(each, 4).join())
  expect(new Set(draws).size).toBe(draws.length)
})

it('does not repeat a block', () => {
  const drawn = philoxWords({ seed: 0, purpose: 'blocks' }, 4000)
  expect(new Set(drawn).size).toBeGreaterThan(3990)
})

it('draws uniform numbers in [0, 1) with the right mean and deviation', () => {
  const numbers = uniform({ seed: 3, purpose: 'uniform' }, 100_000)
  expect(numbers.every((u) => u >= 0 && u < 1)).toBe(true)
  expect(meanOf(numbers)).toBeCloseTo(0.5, 2)
  expect(deviationOf(numbers)).toBeCloseTo(Math.sqrt(1 / 12), 2)
})

it('draws normal numbers with mean 0, deviation 1 and the right share beyond two deviations', () => {
  const numbers = normal({ seed: 3, purpose: 'normal' }, 100_001)
  expect(numbers.every(Number.isFinite)).toBe(true)
  expect(meanOf(numbers)).toBeCloseTo(0, 1.8)
  expect(deviationOf(numbers)).toBeCloseTo(1, 1.8)
  expect(numbers.filter((z) => Math.abs(z) > 2).length / numbers.length).toBeCloseTo(0.0455, 2)
})

it('permutes: every index once', () => {
  fc.assert(
    fc.property(keys, fc.nat(60), (key, count) => {
      expect(permutation(key, count).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
    }),
  )
})

it('puts each index at each place about equally often', () => {
  const firsts = Array.from({ length: 3000 }, (_, seed) => permutation({ seed, purpose: 'fairness' }, 3)[0])
  for (const index of [0, 1, 2]) expect(firsts.filter((first) => first === index).length / 3000).toBeCloseTo(1 / 3, 1)
})

/** The generator as Salmon et al. define it in section 3.3, computed with BigInt. */
function philoxByDefinition(counter: bigint[], [k0, k1]: bigint[]): number[] {
  const mask = 0xffffffffn
  let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint]
  for (let round = 0n; round < 10n; round++) {
    const [product0, product1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2]
    const [key0, key1] = [(k0! + round * 0x9e3779b9n) & mask, (k1! + round * 0xbb67ae85n) & mask]
    ;[c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ key0, product1 & mask, (product0 >> 32n) ^ c3 ^ key1, product0 & mask]
  }
  return [c0, c1, c2, c3].map(Number)
}

function meanOf(numbers: Float32Array): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function deviationOf(numbers: Float32Array): number {
  const mean = meanOf(numbers)
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length)
}
