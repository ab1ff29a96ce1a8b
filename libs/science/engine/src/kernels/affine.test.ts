import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../tf.ts'
import { uniform } from '../random.ts'
import { affine } from './affine.ts'
import { batchPositionInvariant } from './product-along.ts'

function byDefinition(
  inputs: number,
  outputs: number,
  x: Float64Array,
  weight: Float64Array,
  bias?: Float64Array,
): number[] {
  return Array.from({ length: (x.length / inputs) * outputs }, (_, i) => {
    let sum = bias?.[i % outputs] ?? 0
    for (let k = 0; k < inputs; k++)
      sum += x[Math.floor(i / outputs) * inputs + k]! * weight[k * outputs + (i % outputs)]!
    return sum
  })
}

it.each([[[4]], [[2, 3]], [[2, 2, 3]]])(
  'multiplies the last axis after %j and adds the bias, with all gradients',
  (leading) => {
    const weight = given('weight', [3, 5])
    const inputs = [given('x', [...leading, 3]), weight, given('bias', [5])]
    const kernel = (x: Tensor, w: Tensor2D, bias: Tensor1D) => affine(x, w, bias)
    expectAsDefined(kernel as never, (x, w, bias) => byDefinition(3, 5, x!, w!, bias), inputs)
    expectAsDefined(affine as never, (x, w) => byDefinition(3, 5, x!, w!), inputs.slice(0, 2))
  },
)

it('gives the shape of the input with the last axis changed', () => {
  expect(affine(tf.ones([2, 4, 3]), tf.ones([3, 6]) as Tensor2D).shape).toEqual([2, 4, 6])
  expect(affine(tf.ones([2, 4, 4, 3]), tf.ones([1, 1, 3, 6])).shape).toEqual([2, 4, 4, 6])
})

it.each([8, 16, 24])('gives the rows of a gradient the same bits among %i rows as among 32', (count) => {
  const weight = tf.tensor2d(uniform({ seed: 1, purpose: 'weight' }, 1280 * 10), [1280, 10])
  const ofY = tf.tensor2d(uniform({ seed: 1, purpose: 'gradient' }, 32 * 10), [32, 10])
  const gradientOf = (rows: number) => {
    const layer = batchPositionInvariant((x: Tensor) => affine(x, weight))
    const gradient = tf.grad((x) =>
      layer(x)
        .mul(ofY.slice([0], [rows]))
        .sum(),
    )(tf.zeros([rows, 1280]))
    return new Uint32Array(gradient.dataSync().slice(0, count * 1280).buffer)
  }
  expect(gradientOf(count)).toEqual(gradientOf(32))
})
