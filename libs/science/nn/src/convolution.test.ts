import { tf, uniform, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ChannelsMismatch, conv2d, depthwiseConv2d } from './convolution.ts'
import { Parameters } from './parameters.ts'

const sides = fc.record({
  side: fc.integer({ min: 1, max: 9 }),
  kernel: fc.constantFrom(1, 2, 3, 5),
  stride: fc.constantFrom(1, 2, 3),
})

/** A random image of two channels, and a weight that fits both a convolution to one channel and a depthwise one. */
function drawn(side: number, kernel: number): { x: Tensor4D; parameters: Parameters } {
  const draw = (purpose: string, shape: [number, number, number, number]) =>
    tf.tensor4d(
      uniform(
        { seed: side, purpose },
        shape.reduce((a, b) => a * b, 1),
      ),
      shape,
    )
  return {
    x: draw('x', [1, side, side, 2]),
    parameters: Parameters.of([['weight', draw('weight', [kernel, kernel, 2, 1])]]),
  }
}

it('with `same` pads as TensorFlow does, unevenly where the total is odd', () => {
  fc.assert(
    fc.property(sides, ({ side, kernel, stride }) => {
      tf.tidy(() => {
        const { x, parameters } = drawn(side, kernel)
        const weight = parameters.tensor<Tensor4D>('weight')
        const options = { stride, padding: 'same' } as const
        expectSame(conv2d(x, parameters, options), tf.conv2d(x, weight, stride, 'same'))
        expectSame(depthwiseConv2d(x, parameters, options), tf.depthwiseConv2d(x, weight, stride, 'same'))
      })
    }),
  )
})

it('with a number pads that many zeros on every side, as PyTorch does', () => {
  fc.assert(
    fc.property(sides, fc.nat(3), ({ side, kernel, stride }, padding) => {
      fc.pre(side + 2 * padding >= kernel)
      tf.tidy(() => {
        const { x, parameters } = drawn(side, kernel)
        const padded = tf.pad(x, [[0, 0], [padding, padding], [padding, padding], [0, 0]]) // prettier-ignore
        const weight = parameters.tensor<Tensor4D>('weight')
        expectSame(conv2d(x, parameters, { stride, padding }), tf.conv2d(padded, weight, stride, 'valid'))
        expectSame(
          depthwiseConv2d(x, parameters, { stride, padding }),
          tf.depthwiseConv2d(padded, weight, stride, 'valid'),
        )
      })
    }),
  )
})

it('has stride 1 by default', () => {
  const { x, parameters } = drawn(6, 3)
  expect(conv2d(x, parameters, { padding: 1 }).shape).toEqual([1, 6, 6, 1])
})

const draw = (purpose: string, shape: [number, number, number, number]) =>
  tf.tensor4d(
    uniform(
      { seed: 1, purpose },
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  )

it('computes each group from its own channels only', () => {
  const [x, weight] = [draw('x', [2, 5, 5, 6]), draw('weight', [3, 3, 2, 9])]
  const whole = conv2d(x, Parameters.of([['weight', weight]]), { padding: 1, groups: 3 })
  const parts = tf.split(x, 3, 3).map((part, i) => {
    const own = weight.slice([0, 0, 0, 3 * i], [3, 3, 2, 3])
    return conv2d(part as Tensor4D, Parameters.of([['weight', own]]), { padding: 1 })
  })
  expectSame(whole, tf.concat(parts, 3))
})

it('adds a bias where there is one', () => {
  const bias = tf.tensor1d([1, 2])
  const of = (weight: Tensor4D) => [Parameters.of([['weight', weight]]), Parameters.of([['weight', weight], ['bias', bias]])] as const // prettier-ignore
  const x = draw('x', [2, 5, 5, 2])
  const [plain, biased] = of(draw('weight', [3, 3, 2, 2]))
  expectSame(conv2d(x, biased, { padding: 1 }), conv2d(x, plain, { padding: 1 }).add(bias))
  const [plainDepthwise, biasedDepthwise] = of(draw('weight', [3, 3, 2, 1]))
  const options = { stride: 2, padding: { top: 0, bottom: 1, left: 0, right: 1 } }
  expectSame(depthwiseConv2d(x, biasedDepthwise, options), depthwiseConv2d(x, plainDepthwise, options).add(bias))
})

it('refuses an input whose channels do not fit the weight, and names the weight', () => {
  const parameters = Parameters.of([['stem.weight', draw('weight', [3, 3, 2, 4])]]).at('stem')
  expect(() => conv2d(draw('x', [1, 5, 5, 3]), parameters, { padding: 1 })).toThrow(ChannelsMismatch)
  expect(() => conv2d(draw('x', [1, 5, 5, 3]), parameters, { padding: 1, groups: 2 })).toThrow(
    'stem.weight takes 2 channels in each of 2 groups, and was given 3 in all.',
  )
})

function expectSame(actual: Tensor4D, expected: Tensor4D): void {
  expect(actual.shape).toEqual(expected.shape)
  expect(actual.sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-5)
}
