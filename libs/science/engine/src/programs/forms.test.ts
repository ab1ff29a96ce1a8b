import { expect, it } from 'vitest'
import { tf, type Scalar, type Tensor, type Tensor2D, type Tensor4D } from '../tf.ts'
import { bfloat16, float16, formOf, plain, xla, xlaBfloat16, xlaFloat16, type Form } from './forms.ts'
import { loop } from './loop.ts'
import { ProgramBuilder } from './program-builder.ts'
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

it('gives in every form what the plain form gives, to the precision of the form', () => {
  const { builder, program, x } = smallProgram()
  const lossIn = (form: Form) => {
    const session = builder.load(form)
    const losses = [1, 2, 3].map(() => session.run(program, { x }).loss.arraySync())
    session.dispose()
    return losses
  }
  const expected = lossIn(plain)
  for (const [form, error] of [
    [xla, 1e-5],
    [bfloat16, 3e-2],
    [xlaBfloat16, 3e-2],
    [float16, 3e-3],
    [xlaFloat16, 3e-3],
  ] as const) {
    lossIn(form).forEach((loss, i) =>
      expect(Math.abs(loss / expected[i]! - 1), `${form.name}, step ${i}`).toBeLessThan(error),
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
  const [exact, rounded] = [plain, float16].map((form) => {
    const session = builder.load(form)
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

it('are declared for each kind of device and precision', () => {
  expect(formOf('cpu', 'float32')).toBe(plain)
  expect(formOf('cpu', 'bfloat16')).toBe(bfloat16)
  expect(formOf('gpu', 'float32').name).toBe('xla')
  expect(formOf('gpu', 'float16').name).toBe('xla-float16')
})
