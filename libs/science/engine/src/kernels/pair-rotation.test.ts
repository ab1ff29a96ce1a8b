import fc from 'fast-check'
import { expect, it } from 'vitest'
import { uniform } from '../random.ts'
import { tf, type Tensor2D, type Tensor4D } from '../tf.ts'
import { rotatePairs } from './pair-rotation.ts'

const cases = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  heads: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 1, max: 5 }),
  pairs: fc.integer({ min: 1, max: 6 }),
  seed: fc.nat(),
})

it('rotates every pair by its angle', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { x, angles, turns } = drawn(given)
      const [values, turned] = [x.dataSync(), rotatePairs(x, turns).dataSync()]
      values.forEach((_, i) => {
        if (i % 2 === 1) return
        const angle = angles[(i / 2) % angles.length]!
        const [first, second] = [values[i]!, values[i + 1]!]
        expect(turned[i]).toBeCloseTo(first * Math.cos(angle) - second * Math.sin(angle), 5)
        expect(turned[i + 1]).toBeCloseTo(second * Math.cos(angle) + first * Math.sin(angle), 5)
      })
    }),
  )
})

it('makes scores depend on the difference of two angles only', () => {
  const score = (query: number, key: number) => {
    const [turnedQuery, turnedKey] = [query, key].map((angle) =>
      rotatePairs(tf.tensor4d([1, 2, -3, 0.5], [1, 1, 1, 4]), turnsOf([angle, angle / 10], 1)),
    )
    return turnedQuery!.mul(turnedKey!).sum().dataSync()[0]!
  }
  expect(score(2, 5)).toBeCloseTo(score(7, 10), 4)
  expect(score(2, 5)).not.toBeCloseTo(score(2, 6), 1)
})

it('rotates the gradient back', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { x, angles, turns } = drawn(given)
      const gradient = tf.grad((y) => rotatePairs(y as Tensor4D, turns))(x, x)
      const back = rotatePairs(
        x,
        turnsOf(
          angles.map((angle) => -angle),
          given.tokens,
        ),
      )
      expect(gradient.sub(back).abs().max().dataSync()[0]).toBeLessThan(1e-6)
    }),
  )
})

it('leaves nothing behind but its result', () => {
  const { x, turns } = drawn({ batch: 2, heads: 2, tokens: 3, pairs: 4, seed: 1 })
  const before = tf.memory().numTensors
  tf.tidy(() => rotatePairs(x, turns)).dispose()
  tf.tidy(() =>
    tf.grad((y) =>
      rotatePairs(y as Tensor4D, turns)
        .square()
        .sum(),
    )(x),
  ).dispose()
  expect(tf.memory().numTensors).toBe(before)
})

function drawn({
  batch,
  heads,
  tokens,
  pairs,
  seed,
}: {
  batch: number
  heads: number
  tokens: number
  pairs: number
  seed: number
}) {
  const angles = [...uniform({ seed, purpose: 'angles' }, tokens * pairs)].map((u) => 20 * u - 10)
  const values = uniform({ seed, purpose: 'x' }, batch * heads * tokens * pairs * 2)
  const x: Tensor4D = tf.tensor4d(values.map((u) => 2 * u - 1), [batch, heads, tokens, 2 * pairs]) // prettier-ignore
  return { x, angles, turns: turnsOf(angles, tokens) }
}

function turnsOf(angles: readonly number[], tokens: number): Tensor2D {
  return tf.tensor2d(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]), [tokens, (2 * angles.length) / tokens]) // prettier-ignore
}
