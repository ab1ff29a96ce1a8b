import { expect, it } from 'vitest'
import { tf, type Scalar, type Tensor, type Tensor2D, type Tensor4D } from '../tf.ts'
import { loop } from '../programs/loop.ts'
import { bfloat16, float16, float32, processPrecision, type Precision } from './precision.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { normal } from '../random.ts'

const draw = (purpose: string, shape: number[]) =>
  tf.tensor(
    normal(
      { seed: 1, purpose },
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  )

/** A program with a convolution, a product, a loop, a gradient and a change of state. */
function smallProgram() {
  const state = { filter: draw('filter', [3, 3, 2, 4]), weight: draw('weight', [4, 3]) }
  const builder = new ProgramBuilder(state)
  const program = builder.capture(
    'step',
    ({ x }, { filter, weight }) => {
      const loss = (image: Tensor, f: Tensor, w: Tensor) =>
        tf
          .conv2d(image as Tensor4D, f as Tensor4D, 1, 'same')
          .tanh()
          .mean<Tensor>([1, 2])
          .matMul(w as never)
          .square()
          .sum() as Scalar
      const attacked = loop(3, x!, (at) =>
        at.add(
          tf
            .grad((image: Tensor) => loss(image, filter, weight))(at)
            .mul(0.1),
        ),
      )
      const { value, grads } = tf.valueAndGrads((f: Tensor, w: Tensor) => loss(attacked, f, w))([filter, weight])
      return {
        outputs: { loss: value },
        state: { filter: filter.sub(grads[0]!.mul(0.1)), weight: weight.sub(grads[1]!.mul(0.1)) },
      }
    },
    { x: draw('x', [2, 6, 6, 2]) },
  )
  return { builder, program, x: draw('other', [2, 6, 6, 2]) }
}

it('gives in every precision what float32 gives, to that precision', () => {
  const { builder, program, x } = smallProgram()
  const lossIn = (precision: Precision) => {
    const session = builder.load(precision)
    const losses = [1, 2, 3].map(() => session.run(program, { x }).loss.arraySync())
    session.dispose()
    return losses
  }
  const expected = lossIn(float32)
  for (const [precision, error] of [
    [bfloat16, 3e-2],
    [float16, 3e-3],
  ] as const) {
    lossIn(precision).forEach((loss, i) =>
      expect(Math.abs(loss / expected[i]! - 1), `${precision.name}, step ${i}`).toBeLessThan(error),
    )
  }
  expect(lossIn(bfloat16)).not.toEqual(expected)
  builder.dispose()
})

it.each([1e-30, 1e-12, 1e12])('loses neither gradients of size %d nor large sums in float16', (scale) => {
  const count = 40_000
  const [x, weight, gradient] = [
    draw('x', [count, 4]),
    draw('weight', [4, 8]),
    draw('gradient', [count, 8]).abs().mul(scale),
  ]
  const builder = new ProgramBuilder({ weight })
  const program = builder.capture(
    'product',
    ({ x, gradient }, { weight }) => ({
      outputs: {
        ofX: tf.matMul(gradient as Tensor2D, weight as Tensor2D, false, true),
        ofWeight: tf.matMul(x!.abs() as Tensor2D, gradient as Tensor2D, true, false),
      },
    }),
    { x, gradient },
  )
  const [exact, rounded] = [float32, float16].map((precision) => {
    const session = builder.load(precision)
    const values = session.run(program, { x, gradient })
    session.dispose()
    return values
  })
  for (const name of ['ofX', 'ofWeight'] as const) {
    const error = tf.norm(rounded![name].div(scale).sub(exact![name].div(scale))).div(tf.norm(exact![name].div(scale)))
    expect(error.dataSync()[0], name).toBeLessThan(2e-3)
  }
  builder.dispose()
})

it('refuses a precision whose numbers are too far from eager ones', () => {
  const { builder } = smallProgram()
  const exact: Precision = { ...bfloat16, tolerance: 0, rounding: 0 }
  expect(() => builder.finish(exact)).toThrow(/step in bfloat16 gives .* away from its eager run/)
})

it('is float32 unless the environment names another, and one that exists', () => {
  expect(processPrecision({})).toBe(float32)
  expect(processPrecision({ GAUNTLET_PRECISION: 'float16' })).toBe(float16)
  expect(() => processPrecision({ GAUNTLET_PRECISION: 'float8' })).toThrow('give one of float32, bfloat16, float16')
})
