import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor2D } from '../tf.ts'
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts'

const labels = [3, 0, 1]

it('is minus the logarithm of the label’s softmax, and has its gradient', () => {
  expectAsDefined(
    (logits: Tensor2D) => softmaxCrossEntropy(logits, tf.tensor1d(labels, 'int32')),
    (logits) =>
      labels.map((label, row) => {
        const own = logits.subarray(4 * row, 4 * row + 4)
        return Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0)) - own[label]!
      }),
    [given('logits', [3, 4], 5)],
  )
})

it('is finite for logits far apart, and so is its gradient', () => {
  const logits = tf.tensor2d([[1e4, -1e4, 0]])
  const loss = (x: Tensor2D) => softmaxCrossEntropy(x, tf.tensor1d([1], 'int32'))
  expect([...loss(logits).dataSync()]).toEqual([2e4])
  expect([
    ...tf
      .grad((x) => loss(x as Tensor2D).sum())(logits)
      .dataSync(),
  ]).toEqual([1, -1, 0])
})

it('refuses a label that is not a class', () => {
  const beyond = tf.tensor1d([7], 'int32')
  expect(() => softmaxCrossEntropy(tf.zeros([1, 3]) as Tensor2D, beyond)).toThrow('label value of 7')
})
