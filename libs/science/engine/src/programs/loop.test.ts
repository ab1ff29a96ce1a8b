import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../tf.ts'
import { loop, repeatWhile } from './loop.ts'
import { ProgramBuilder } from './program-builder.ts'
import type { NamedTensors } from '../sessions/program.ts'
import { tensorsOf, type TensorTree } from '../sessions/tensor-tree.ts'
import { smoothExpressions } from './testing/expressions.ts'

/** The outputs of `body` as a program that was captured with other inputs. */
function replayed<Outputs extends TensorTree>(body: (inputs: NamedTensors) => Outputs, inputs: NamedTensors): Tensor[] {
  const builder = new ProgramBuilder({})
  const examples = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, tensor.mul<Tensor>(0.5)]))
  const program = builder.capture('looping', (given) => ({ outputs: body(given) }), examples)
  const session = builder.load()
  const outputs = tensorsOf(session.run(program, inputs))
  session.dispose()
  builder.dispose()
  return outputs
}

/** Compares up to the rounding of the summands, since a sum may cancel. */
function expectAgreement(expected: readonly Tensor[], actual: readonly Tensor[]): void {
  expected.forEach((tensor, i) => {
    const values = tensor.dataSync()
    const scale = Math.max(1, ...values.map(Math.abs))
    actual[i]!.dataSync().forEach((value, j) => expect(Math.abs(value - values[j]!)).toBeLessThan(1e-5 * scale))
  })
}

describe('a loop', () => {
  it('gives the same in a program, eagerly and unrolled, also where the body takes gradients', () => {
    const matrix = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(smoothExpressions, fc.integer({ min: 0, max: 7 }), matrix, matrix, (expression, count, xs, ws) => {
        const inputs = { x: tf.tensor2d(xs, [3, 4]), w: tf.tensor2d(ws, [3, 4]) }
        const move = (x: Tensor, w: Tensor, i: Tensor) => {
          const gradient = tf.grad((at: Tensor) => expression.evaluate(at, w).sum())(x)
          return x.add(gradient.tanh().mul(i.toFloat().add(1).reciprocal())).clipByValue(-3, 3)
        }
        const body = ({ x, w }: NamedTensors) =>
          loop(count, { at: x!, moved: tf.scalar(0, 'int32') as Tensor }, ({ at, moved }, i) => ({
            at: move(at, w!, i),
            moved: moved.add(i),
          }))
        const unrolled = () => {
          let [at, moved] = [inputs.x as Tensor, 0]
          for (let i = 0; i < count; i++) [at, moved] = [move(at, inputs.w, tf.scalar(i, 'int32')), moved + i]
          return [at, tf.scalar(moved, 'int32')]
        }
        expectAgreement(unrolled(), tensorsOf(body(inputs)))
        expectAgreement(unrolled(), replayed(body, inputs))
      }),
      { numRuns: 25 },
    )
  })

  it('has equally few iterations in both runs of the check, also inside another loop', () => {
    const builder = new ProgramBuilder({})
    const body = (x: Tensor) => loop(5, x, (at) => loop(7, at, (inner) => inner.mul(1.5)))
    builder.capture('nested', ({ x }) => ({ outputs: body(x!) }), { x: tf.scalar(1) })
    const session = builder.finish()
    expect(session.agreements.get('nested')).toMatchObject({ exact: true })
    session.dispose()
  })

  it('may stand in another loop, and both may use tensors from outside', () => {
    const body = ({ x, w }: NamedTensors) => {
      const outer = w!.sin()
      return loop(3, x!, (at, i) => {
        const half = at.mul(0.5)
        return loop(2, half, (inner, j) =>
          inner.add(outer.mul(half)).add(i.mul(tf.scalar(10, 'int32')).add(j).toFloat()),
        )
      })
    }
    const inputs = { x: tf.tensor1d([1, 2]), w: tf.tensor1d([3, 4]) }
    expectAgreement([body(inputs)], replayed(body, inputs))
  })

  it('is one node whose size does not depend on the count', () => {
    const sizeOf = (count: number) => {
      const builder = new ProgramBuilder({})
      const { nodes, functions } = builder.capture(
        'sized',
        ({ x }) => ({ outputs: loop(count, x!, (at) => at.add(1).sin()) }),
        {
          x: tf.ones([2]),
        },
      )
      return [nodes.length, ...functions.map((each) => each.nodes.length)]
    }
    expect(sizeOf(1_000_000)).toEqual(sizeOf(2))
  })

  it('carries tensors that stay unchanged, are exchanged, or come from outside', () => {
    const body = ({ x, w }: NamedTensors) =>
      loop(3, { a: x!, b: w!, c: x!, d: x!.add(1) }, ({ a, b, d }) => ({ a: b, b: a, c: w!, d }))
    const inputs = { x: tf.tensor1d([1, 2]), w: tf.tensor1d([3, 4]) }
    expectAgreement([inputs.w, inputs.x, inputs.w, tf.tensor1d([2, 3])], replayed(body, inputs))
    expectAgreement([inputs.w, inputs.x, inputs.w, tf.tensor1d([2, 3])], tensorsOf(body(inputs)))
  })

  it('passes no gradient, inside a program and outside', () => {
    const body = ({ x, w }: NamedTensors) =>
      tf.grad((at: Tensor) =>
        loop(2, at, (inner) => inner.mul(w!))
          .mul(at)
          .sum(),
      )(x!)
    const inputs = { x: tf.tensor1d([1, 2]), w: tf.tensor1d([3, 4]) }
    expectAgreement([tf.tensor1d([9, 32])], [body(inputs)])
    expectAgreement([tf.tensor1d([9, 32])], replayed(body, inputs))
  })

  it('holds no tensor but its results', () => {
    const x = tf.ones([2])
    const before = tf.memory().numTensors
    const result = loop(5, { x }, ({ x: at }) => ({ x: at.add(1).mul(2) }))
    expect(tf.memory().numTensors).toBe(before + 1)
    expect(x.isDisposed).toBe(false)
    result.x.dispose()
  })

  it('holds no tensor of its condition, and none where its body fails', () => {
    const [x, isOpen] = [tf.zeros([2]), tf.scalar(true, 'bool')]
    const before = tf.memory().numTensors
    tf.dispose(
      repeatWhile(
        ({ at }) => at.sum().less(tf.scalar(6)) as Scalar,
        { at: x as Tensor },
        ({ at }) => ({ at: at.add(1) }),
        { atMost: 9 },
      ),
    )
    const carried = { at: x as Tensor, isOpen: isOpen as Scalar }
    tf.dispose(
      Object.values(
        repeatWhile(
          (each) => each.isOpen,
          carried,
          (each) => each,
          { atMost: 3 },
        ),
      ),
    )
    const failing = () =>
      loop(3, { at: x as Tensor }, ({ at }, i) => {
        if (i.dataSync()[0] === 1) throw new Error('the second iteration fails')
        return { at: at.add(1) }
      })
    expect(failing).toThrow('the second iteration fails')
    expect(tf.memory().numTensors).toBe(before)
    expect([x.isDisposed, isOpen.isDisposed]).toEqual([false, false])
  })

  it('refuses a body that changes a shape, gives other names, or leaks a tensor', () => {
    const refused = (body: (x: Tensor2D) => TensorTree) => () =>
      new ProgramBuilder({}).capture('refused', ({ x }) => ({ outputs: body(x as Tensor2D) }), { x: tf.ones([2, 2]) })
    expect(refused((x) => loop(3, { x: x as Tensor }, (at) => ({ x: at.x.concat(at.x) })))).toThrow(
      /loop\.test\.ts:\d+:\d+: the carried value x changes from \[2, 2\]/,
    )
    expect(refused((x) => loop(3, { x } as TensorTree, () => ({})))).toThrow("A loop's body gives 0 tensors for 1")
    let leaked: Tensor
    expect(refused((x) => loop(3, x, (at) => (leaked = tf.keep(at.sin())) as Tensor2D).add(leaked))).toThrow(
      'made inside the body of a loop is used outside',
    )
    expect(() => loop(-1, tf.scalar(1), (x) => x)).toThrow('cannot run -1 times')
  })
})

it('repeats while a condition holds, equally often inside a program and outside', () => {
  const body = ({ x }: NamedTensors) =>
    repeatWhile(
      ({ sum }) => sum.less(tf.scalar(20)) as Scalar,
      { sum: x!, steps: tf.scalar(0) as Tensor },
      ({ sum, steps }, i) => ({
        sum: sum.add(i.toFloat()),
        steps: steps.add(1),
      }),
      { atMost: 50 },
    )
  for (const [start, sum, steps] of [
    [0, 21, 7],
    [30, 30, 0],
    [-2000, -775, 50],
  ] as const) {
    expect(tensorsOf(body({ x: tf.scalar(start) })).map((tensor) => tensor.arraySync())).toEqual([sum, steps])
    expect(replayed(body, { x: tf.scalar(start) }).map((tensor) => tensor.arraySync())).toEqual([sum, steps])
  }
})
