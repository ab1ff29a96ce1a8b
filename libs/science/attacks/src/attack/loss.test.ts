import { tf, type Tensor, type Tensor2D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crossEntropy } from './loss.ts'

const classes = 4
const someRows = fc.array(
  fc.record({
    logits: fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: classes, maxLength: classes }),
    label: fc.nat(classes - 1),
  }),
  { minLength: 1, maxLength: 5 },
)

/** ln Σ exp(z_j) − z_y in float64. */
function byDefinition(logits: readonly number[], label: number): number {
  const largest = Math.max(...logits)
  return Math.log(logits.reduce((sum, z) => sum + Math.exp(z - largest), 0)) + largest - logits[label]!
}

const labelsOf = (labels: number[]) => tf.tensor1d(labels, 'int32')

describe('cross-entropy', () => {
  it('is that of its definition, with the probabilities less the label as its gradient', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        tf.tidy(() => {
          const logits = tf.tensor2d(rows.map((row) => row.logits))
          const labels = labelsOf(rows.map(({ label }) => label))
          const losses = crossEntropy(logits, labels).dataSync()
          rows.forEach(({ logits: row, label }, i) => expect(losses[i]).toBeCloseTo(byDefinition(row, label), 4))
          const gradient = tf.grad((at: Tensor) => crossEntropy(at as Tensor2D, labels).sum())(logits)
          const expected = tf.softmax(logits).sub(tf.oneHot(labels, classes))
          expect(gradient.sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-5)
        })
      }),
    )
  })

  it('is not a number where a logit is none', () => {
    expect(crossEntropy(tf.tensor2d([[1, Number.NaN, 0]]), labelsOf([0])).dataSync()[0]).toBeNaN()
  })
})
