import {
  affine,
  mostInPass,
  scaledDotProductAttention,
  gelu,
  normal,
  normaliseLayer,
  batchPositionInvariant,
  tf,
  uniform,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ball } from '../balls/ball.ts'
import { l1 } from '../balls/l1.ts'
import { l2 } from '../balls/l2.ts'
import { linf } from '../balls/linf.ts'
import { paddedBatch, passRows } from './pass-rows.ts'

const [side, channels] = [12, 3]
const weight = (purpose: string, shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return tf.tensor(normal({ seed: 4, purpose }, count), shape).mul(0.2)
}
const weights = {
  first: weight('first', [3, 3, channels, 24]) as Tensor4D,
  depthwise: weight('depthwise', [3, 3, 24, 1]) as Tensor4D,
  second: weight('second', [1, 1, 24, 40]) as Tensor4D,
  query: weight('query', [40, 40]) as Tensor2D,
  hidden: weight('hidden', [37 * 40, 100]) as Tensor2D,
  last: weight('last', [100, 10]) as Tensor2D,
}

/**
 * A model of all that vision models are made of: convolutions (strided, depthwise and of one pixel), norms, attention
 * among an odd number of tokens, and matrix products.
 */
const logits = batchPositionInvariant((images: Tensor4D): Tensor2D => {
  const strided = tf.conv2d(images.sub<Tensor4D>(0.5), weights.first, 2, 'same').relu<Tensor4D>()
  const mixed = affine(tf.depthwiseConv2d(strided, weights.depthwise, 1, 'same'), weights.second)
  const tokens = tf.pad(mixed.reshape([-1, 36, 40]), [[0, 0], [1, 0], [0, 0]], 0.1) // prettier-ignore
  const normal = normaliseLayer(tokens, tf.ones([40]), tf.zeros([40]), 1e-6)
  const heads = (x: Tensor) => x.reshape([-1, 37, 4, 10]).transpose<Tensor4D>([0, 2, 1, 3])
  const attended = scaledDotProductAttention(heads(affine(normal, weights.query)), heads(normal), heads(tokens), 0.3)
  return affine(gelu(affine(attended.reshape<Tensor2D>([-1, 37 * 40]), weights.hidden)), weights.last)
})

/** Everything that the steps of attacks compute for every row. */
function computed(ball: Ball, images: Tensor4D): Tensor[] {
  const gradient = tf.grad((x) => logits(x as Tensor4D).logSumExp(1))(images) as Tensor4D
  const moved = images.add(ball.steepest(gradient, tf.fill([images.shape[0]], 0.1))) as Tensor4D
  const flat = (tensor: Tensor4D) => tensor.reshape<Tensor2D>([images.shape[0], -1])
  const offset = ball.towardsHyperplane(flat(images), flat(gradient), gradient.sum([1, 2, 3]))
  return [logits(images), gradient, ball.project(moved, images), ball.size(moved.sub(images)), offset]
}

const rowOf = (tensor: Tensor, row: number) => tensor.slice([row], [1]).dataSync()

describe.each([linf(0.1), l2(0.5), l1(3)].map((ball) => [ball.norm, ball] as const))(
  'a step in the %s ball',
  (_, ball) => {
    const count = 9
    const images = tf.tensor4d(uniform({ seed: 5, purpose: 'images' }, count * side * side * channels), [
      count,
      side,
      side,
      channels,
    ])

    it.each([8, 16, 32, 64])(
      'gives an image the same bits wherever it stands among %i rows, whichever the others are',
      (rows) => {
        const order = fc.array(fc.nat(count - 1), { minLength: rows, maxLength: rows })
        fc.assert(
          fc.property(order, fc.nat(rows - 1), fc.nat(rows - 1), (chosen, one, other) => {
            tf.tidy(() => {
              const elsewhere = [...chosen.keys()].map((row) =>
                row === other ? chosen[one]! : chosen[(row * 5 + 1) % rows]!,
              )
              const [here, there] = [chosen, elsewhere].map((order) => computed(ball, tf.gather(images, order))) as [
                Tensor[],
                Tensor[],
              ]
              here.forEach((tensor, i) => expect(rowOf(there[i]!, other)).toEqual(rowOf(tensor, one)))
            })
          }),
          { numRuns: 8 },
        )
      },
    )
  },
)

describe('the rows of a pass', () => {
  it('are a power of two, fewer for larger images, and at least eight', () => {
    const sizes = [1, 28, 32, 64, 224, 384, 2048].map((length) => passRows([length, length, 3]))
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    for (const rows of sizes) expect(Number.isInteger(Math.log2(rows))).toBe(true)
    expect([sizes[0], sizes.at(-1)]).toEqual([mostInPass().rows, expect.toSatisfy((rows: number) => rows >= 8)])
  })

  it('are filled with repetitions of the first image', () => {
    expect(paddedBatch(tf.tensor2d([[1], [2]]), 4).arraySync()).toEqual([[1], [2], [1], [1]])
    expect(paddedBatch(tf.tensor1d([3, 4], 'int32'), 2).arraySync()).toEqual([3, 4])
  })
})
