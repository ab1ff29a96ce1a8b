import { tf } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cappedSumRoot, clippedSumRoot } from './root-finding.ts'

const number = (most: number) =>
  fc.oneof(fc.constantFrom(0, 1, 0.5), fc.double({ min: 1e-6, max: most, noNaN: true }).map(Math.fround))
const count = 20
const aRow = (most: number) => fc.array(number(most), { minLength: count, maxLength: count })
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

const root = (one: number[][], other: number[][], value: number[], of: typeof clippedSumRoot) =>
  tf.tidy(() => [...of(tf.tensor2d(one), tf.tensor2d(other), tf.tensor2d(value, [value.length, 1])).dataSync()])

describe('the root of a clipped sum', () => {
  const sumAt = (lengths: number[], rooms: number[], by: number) =>
    sum(lengths.map((length, i) => Math.min(Math.max(length - by, 0), rooms[i]!)))

  /** So many, because Newton's method alone goes to and fro between two lines in about one of four thousand. */
  const many = fc.sample(fc.tuple(aRow(3), aRow(1), fc.double({ min: 0.01, max: 20, noNaN: true })), {
    seed: 1,
    numRuns: 30_000,
  })

  it('is where the sum is the value, and 0 where the sum is never above it', () => {
    const [lengths, rooms] = [many.map(([row]) => row), many.map(([, row]) => row)]
    const roots = root(
      lengths,
      rooms,
      many.map(([, , value]) => value),
      clippedSumRoot,
    )
    const isRoot = (at: number, i: number) => {
      const value = many[i]![2]
      if (sumAt(lengths[i]!, rooms[i]!, 0) <= value) return at < 1e-5
      return Math.abs(sumAt(lengths[i]!, rooms[i]!, at) - value) < 1e-5 * Math.max(value, 1)
    }
    expect(roots.filter((at, i) => !isRoot(at, i))).toEqual([])
  })

  it('does not depend on the other rows, to the bit', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(aRow(3), aRow(1)), { minLength: 2, maxLength: 6 }), (rows) => {
        const [lengths, rooms] = [rows.map(([row]) => row), rows.map(([, row]) => row)]
        const together = root(lengths, rooms, Array<number>(rows.length).fill(2), clippedSumRoot)
        rows.forEach((_, i) => {
          const others = [rows[i]!, ...rows.slice(0, i), ...rows.slice(i + 1)]
          const moved = root(
            others.map(([row]) => row),
            others.map(([, row]) => row),
            Array<number>(rows.length).fill(2),
            clippedSumRoot,
          )
          expect(moved[0]).toBe(together[i])
        })
      }),
      { numRuns: 30 },
    )
  })
})

describe('the root of a capped sum', () => {
  const ending = (slopes: number[], caps: number[]) => slopes.map((slope, i) => (slope > 0 ? caps[i]! / slope : 0))
  const reaching = fc
    .tuple(aRow(3), aRow(1))
    .map(([slopes, caps]) => [slopes, caps.map((cap, i) => (slopes[i]! > 0 ? cap : 0))] as const)
  const rootOf = (slopes: number[], caps: number[], value: number) =>
    root([slopes], [caps], [value], (one, other, at) =>
      cappedSumRoot(one, other, tf.tensor2d([ending(slopes, caps)]), at),
    )[0]!

  it('is where the sum is the value, and the largest end where it never is', () => {
    fc.assert(
      fc.property(reaching, fc.double({ min: 0.001, max: 15, noNaN: true }), ([slopes, caps], value) => {
        const at = rootOf(slopes, caps, value)
        const reached = sum(slopes.map((slope, i) => Math.min(slope * at, caps[i]!)))
        const all = sum(caps)
        if (all < value * (1 - 1e-5)) expect(at / Math.max(...ending(slopes, caps))).toBeCloseTo(1, 5)
        else if (all > value * (1 + 1e-5)) expect(Math.abs(reached - value)).toBeLessThan(1e-4 * Math.max(value, 1))
      }),
      { numRuns: 300 },
    )
  })

  it('is 0 for 0', () => {
    fc.assert(fc.property(reaching, ([slopes, caps]) => void expect(rootOf(slopes, caps, 0)).toBe(0)))
  })
})
