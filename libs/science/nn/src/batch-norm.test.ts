import { tf, uniform, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { batchNorm, BatchTooSmall, movedStatistics, PartOfBatch } from './batch-norm.ts'
import { evaluationMode, type NormStatistics } from './forward-context.ts'
import { Parameters } from './parameters.ts'

const parameters = Parameters.of([
  ['bn.weight', tf.tensor1d([2, 1])],
  ['bn.bias', tf.tensor1d([0, 3])],
  ['bn.running_mean', tf.tensor1d([1, 0])],
  ['bn.running_var', tf.tensor1d([4, 1])],
])
/** Channel 0 holds 1, 3, 5, 7 (mean 4, population variance 5), channel 1 always 2. */
const x: Tensor4D = tf.tensor4d([1, 2, 3, 2, 5, 2, 7, 2], [2, 1, 2, 2])

it('in training normalises by the mean and the population variance of the batch', () => {
  const y = batchNorm(x, parameters.at('bn'), { training: true }, { epsilon: 0 }).gather([0], 3).dataSync()
  const deviation = Math.sqrt(5)
  expect([...y]).toEqual([-3, -1, 1, 3].map((difference) => expect.closeTo((2 * difference) / deviation, 4)))
})

it('in training reports its name, the population variance and the count, and changes no state', () => {
  const seen: unknown[] = []
  batchNorm(x, parameters.at('bn'), {
    training: true,
    onBatchStatistics: (name, { mean, variance, count }) =>
      seen.push([name, [...mean.dataSync()], [...variance.dataSync()], count]),
  })
  expect(seen).toEqual([['bn', [4, 2], [expect.closeTo(5, 4), expect.closeTo(0, 4)], 4]])
  expect([...parameters.tensor('bn.running_mean').dataSync()]).toEqual([1, 0])
})

it('in evaluation normalises by the running statistics, whatever the batch', () => {
  const y = batchNorm(x, parameters.at('bn'), evaluationMode, { epsilon: 0 })
  expect([...y.dataSync()]).toEqual([0, 5, 2, 5, 4, 5, 6, 5].map((value) => expect.closeTo(value, 4)))
  const alone = batchNorm(x.slice([1], [1]), parameters.at('bn'), evaluationMode, { epsilon: 0 })
  expect([...alone.dataSync()]).toEqual([...y.slice([1], [1]).dataSync()])
})

it('refuses to take statistics of a single value per channel, and says what to do', () => {
  const one: Tensor4D = tf.ones([1, 1, 1, 2])
  expect(() => batchNorm(one, parameters.at('bn'), { training: true })).toThrow(BatchTooSmall)
  expect(() => batchNorm(one, parameters.at('bn'), { training: true })).toThrow('a microBatch of at least 3')
})

it('refuses part of a batch in training, and accepts it in evaluation', () => {
  expect(() => batchNorm(x, parameters.at('bn'), { training: true, isPart: true })).toThrow(PartOfBatch)
  expect(batchNorm(x, parameters.at('bn'), { training: false, isPart: true }).shape).toEqual(x.shape)
})

it('does not divide by zero where a channel is constant', () => {
  const constant: Tensor4D = tf.fill([3, 2, 2, 2], 5)
  expect(batchNorm(constant, parameters.at('bn'), { training: true }).dataSync().every(Number.isFinite)).toBe(true)
})

it.each([0.1, 0.99])(
  'updates running statistics by momentum %d, with the unbiased variance, as PyTorch does',
  (momentum) => {
    const running = { mean: tf.tensor1d([1]), variance: tf.tensor1d([4]) }
    const batch = { mean: tf.tensor1d([11]), variance: tf.tensor1d([3]), count: 4, momentum }
    const { mean, variance } = movedStatistics(running, batch)
    expect(mean.dataSync()[0]).toBeCloseTo((1 - momentum) * 1 + momentum * 11, 5)
    expect(variance.dataSync()[0]).toBeCloseTo((1 - momentum) * 4 + momentum * 4, 5)
  },
)

it("reports its momentum, which is PyTorch's 0.1 unless it is given", () => {
  const momenta: number[] = []
  const context = {
    training: true,
    onBatchStatistics: (_: string, { momentum }: NormStatistics) => momenta.push(momentum),
  }
  tf.tidy(() => void batchNorm(x, parameters.at('bn'), context))
  tf.tidy(() => void batchNorm(x, parameters.at('bn'), context, { momentum: 0.99 }))
  expect(momenta).toEqual([0.1, 0.99])
})

it('has the numeric gradient in training', () => {
  const [images, weights] = [uniform({ seed: 1, purpose: 'x' }, 24), uniform({ seed: 1, purpose: 'weights' }, 24)]
  const loss = (values: Float32Array) => {
    const y = batchNorm(tf.tensor4d(values, [2, 2, 3, 2]), parameters.at('bn'), { training: true }, { epsilon: 0.1 })
    return y
      .mul(tf.tensor4d(weights, [2, 2, 3, 2]))
      .sum()
      .dataSync()[0]!
  }
  const gradient = tf.grad((input) =>
    batchNorm(input as Tensor4D, parameters.at('bn'), { training: true }, { epsilon: 0.1 })
      .mul(tf.tensor4d(weights, [2, 2, 3, 2]))
      .sum(),
  )(tf.tensor4d(images, [2, 2, 3, 2]))
  const step = 1e-2
  const numeric = Array.from(images, (_, i) => {
    const at = (shift: number) => loss(images.map((value, j) => (j === i ? value + shift : value)))
    return (at(step) - at(-step)) / (2 * step)
  })
  gradient.dataSync().forEach((value, i) => expect(value, `at ${i}`).toBeCloseTo(numeric[i]!, 2))
})

it('learns scale and offset in evaluation too', () => {
  const at = parameters.at('bn')
  const run = (scale: Tensor1D) => {
    const learned = Parameters.of([...parameters.entries(), ['bn.weight', scale]])
    return batchNorm(x, learned.at('bn'), evaluationMode, { epsilon: 0 }).sum()
  }
  const gradient = tf.grad((scale) => run(scale as Tensor1D))(at.tensor<Tensor1D>('weight'))
  // The gradient is the sum of (x − mean) / deviation.
  expect([...gradient.dataSync()]).toEqual([expect.closeTo(6, 4), expect.closeTo(8, 4)])
})
