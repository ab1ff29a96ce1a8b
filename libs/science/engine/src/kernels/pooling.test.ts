import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor4D } from '../tf.ts'
import { poolAverage, poolGlobally, poolMaximum, type PoolingGeometry } from './pooling.ts'

const [batch, side, channels] = [2, 5, 3]
const x = given('x', [batch, side, side, channels])

/** Every window's numbers, in the order of the outputs. */
function windows(values: Float64Array, { kernel, stride, padding }: PoolingGeometry): number[][] {
  const outputs = Math.floor((side + 2 * padding - kernel) / stride) + 1
  const all: number[][] = []
  for (let image = 0; image < batch; image++)
    for (let row = 0; row < outputs; row++)
      for (let column = 0; column < outputs; column++)
        for (let channel = 0; channel < channels; channel++) {
          const window: number[] = []
          for (let i = 0; i < kernel ** 2; i++) {
            const y = row * stride + Math.floor(i / kernel) - padding
            const z = column * stride + (i % kernel) - padding
            if (y >= 0 && z >= 0 && y < side && z < side)
              window.push(values[((image * side + y) * side + z) * channels + channel]!)
          }
          all.push(window)
        }
  return all
}

const geometries: PoolingGeometry[] = [
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 2, stride: 2, padding: 0 },
  { kernel: 3, stride: 1, padding: 1 },
]

it.each(geometries)('takes the maximum of each window: %o', (geometry) => {
  expectAsDefined(
    (input: Tensor4D) => poolMaximum(input, geometry),
    (values) => windows(values, geometry).map((window) => Math.max(...window)),
    [x],
  )
})

it('never takes the padding as the maximum, also where all numbers are below zero', () => {
  const y = poolMaximum(tf.fill([1, 4, 4, 1], -5) as Tensor4D, { kernel: 3, stride: 2, padding: 1 })
  expect([...y.dataSync()]).toEqual([-5, -5, -5, -5])
})

it('gives the gradient to one of equal maxima only', () => {
  const gradient = tf.grad((input) => poolMaximum(input as Tensor4D, { kernel: 2, stride: 2, padding: 0 }).sum())(
    tf.ones([1, 2, 2, 1]),
  )
  expect([...gradient.dataSync()]).toEqual([1, 0, 0, 0])
})

it.each(geometries.filter(({ padding }) => padding === 0))('takes the mean of each window: %o', (geometry) => {
  expectAsDefined(
    (input: Tensor4D) => poolAverage(input, geometry),
    (values) => windows(values, geometry).map((window) => window.reduce((a, b) => a + b, 0) / window.length),
    [x],
  )
})

it('takes the mean over all positions', () => {
  expectAsDefined(
    poolGlobally as never,
    (values) => {
      const means = new Float64Array(batch * channels)
      values.forEach((value, i) => {
        means[Math.floor(i / (side * side * channels)) * channels + (i % channels)]! += value / side ** 2
      })
      return means
    },
    [x],
  )
})
