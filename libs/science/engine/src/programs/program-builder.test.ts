import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { nativeBackend } from '../operator.ts'
import { tf, type Scalar, type Tensor, type Tensor2D, type Variable } from '../tf.ts'
import { ProgramBuilder } from './program-builder.ts'
import type { ProgramSession } from './program-session.ts'
import { expressions } from './testing/expressions.ts'
import { tensorsOf, type TensorTree } from '../sessions/tensor-tree.ts'

const disposables: { dispose(): void }[] = []
afterEach(() => disposables.splice(0).forEach((each) => each.dispose()))

function builderOf<State extends TensorTree>(state: State): ProgramBuilder<State> {
  const builder = new ProgramBuilder(state)
  disposables.push(builder)
  return builder
}

function loaded<State extends TensorTree>(builder: ProgramBuilder<State>): ProgramSession<State> {
  const session = builder.load()
  disposables.push(session)
  return session
}

/** Multiples of 1/64. A processor may flush smaller numbers to 0, which a step function would show. */
const sixtyFourths = fc.integer({ min: -128, max: 128 }).map((i) => i / 64)

describe('a captured expression', () => {
  it('gives on other inputs what eager code gives, and so does its gradient', () => {
    fc.assert(
      fc.property(expressions, fc.infiniteStream(sixtyFourths), (expression, numbers) => {
        const draw = () =>
          tf.tensor2d(
            Float32Array.from({ length: 12 }, () => numbers.next().value as number),
            [3, 4],
          )
        const [example, other, weight] = [draw(), draw(), draw()]
        const valueAndGradient = (x: Tensor, w: Tensor) => {
          const { value, grads } = tf.valueAndGrads(
            (a: Tensor, b: Tensor) => expression.evaluate(a, b).sum() as Scalar,
          )([x, w])
          return { value, ofX: grads[0]!, ofWeight: grads[1]! }
        }
        const builder = builderOf({ weight })
        const program = builder.capture(
          'expression',
          ({ x }, state) => ({ outputs: valueAndGradient(x!, state.weight) }),
          {
            x: example,
          },
        )
        const session = loaded(builder)
        const replayed = session.run(program, { x: other })
        const eager = valueAndGradient(other, weight)
        // The bits may differ, since TensorFlow's optimiser may factor out a common factor of a sum. A sum may also
        // cancel, so the error is measured against the size of its terms.
        const expected = tensorsOf(eager).map((tensor) => [...tensor.dataSync()])
        const scale = Math.max(1, ...expected.flat().map(Math.abs))
        tensorsOf(replayed).forEach((tensor, i) =>
          tensor
            .dataSync()
            .forEach((value, j) => expect(Math.abs(value - expected[i]![j]!)).toBeLessThanOrEqual(1e-5 * scale)),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('may read constants, gather by computed indices and use tf.variableGrads', () => {
    const builder = builderOf({ weights: tf.tensor2d([1, 2, 3, 4], [2, 2]) })
    const table = tf.tensor1d([10, 20, 30])
    const program = builder.capture(
      'varied',
      ({ x }, { weights }) => {
        const two = tf.scalar(2).dataSync()[0]!
        const variable: Variable = tf.variable(weights)
        const { grads } = tf.variableGrads(
          () =>
            x!
              .matMul(variable as unknown as Tensor2D)
              .square()
              .sum() as Scalar,
          [variable],
        )
        return { outputs: { looked: table.gather(x!.argMax(1)).mul(two), gradient: Object.values(grads)[0]! } }
      },
      { x: tf.tensor2d([0, 1, 1, 0], [2, 2]) },
    )
    const x = tf.tensor2d([3, 1, 2, 1], [2, 2])
    const { looked, gradient } = loaded(builder).run(program, { x })
    expect(looked.arraySync()).toEqual([20, 20])
    expect(gradient.arraySync()).toEqual(
      x
        .transpose()
        .matMul(x.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2])))
        .mul(2)
        .arraySync(),
    )
  })

  it('writes a large constant once, and one element of a constant whose elements are equal', () => {
    const builder = builderOf({})
    const content = Float32Array.from({ length: 5000 }, (_, i) => i)
    const program = builder.capture(
      'constants',
      ({ x }) => ({
        outputs: x!
          .add(tf.tensor1d(content))
          .mul(tf.tensor1d(content.slice()))
          .add(tf.ones([5000])),
      }),
      { x: tf.zeros([5000]) },
    )
    const constants = program.nodes
      .flatMap((node) => Object.values(node.attributes))
      .filter((value) => 'constant' in value)
    expect(constants.map(({ constant }) => constant.content.length).sort()).toEqual([20000, 4])
    expect(
      loaded(builder)
        .run(program, { x: tf.ones([5000]) })
        .slice([3], [1])
        .arraySync(),
    ).toEqual([13])
  })

  it('leaves out operators that no output needs', () => {
    const builder = builderOf({})
    const program = builder.capture('lean', ({ x }) => ({ outputs: [x!.exp(), x!.sin().cos().tanh()].slice(0, 1) }), {
      x: tf.ones([2]),
    })
    expect(program.nodes.map(({ operator }) => operator)).toEqual(['Placeholder', 'Exp', 'Identity'])
  })
})

describe('state', () => {
  const counting = () => {
    const builder = builderOf({ model: { 'blocks.0.weight': tf.scalar(3) }, steps: tf.scalar(0, 'int32') })
    const train = builder.capture(
      'train',
      ({ rate }, { model, steps }) => ({
        outputs: { before: model['blocks.0.weight'] },
        state: {
          model: { 'blocks.0.weight': model['blocks.0.weight'].mul<Scalar>(rate!) },
          steps: steps.add<Scalar>(tf.scalar(1, 'int32')),
        },
      }),
      { rate: tf.scalar(2) },
    )
    const evaluate = builder.capture(
      'evaluate',
      ({ x }, { model }) => ({ outputs: x!.mul(model['blocks.0.weight']) }),
      {
        x: tf.ones([2]),
      },
    )
    return { builder, train, evaluate, session: loaded(builder) }
  }

  it('is shared by the programs of a session, and starts at its first values after the check', () => {
    const { session, train, evaluate } = counting()
    expect(session.run(evaluate, { x: tf.ones([2]) }).arraySync()).toEqual([3, 3])
    expect(session.run(train, { rate: tf.scalar(5) }).before.arraySync()).toBe(3)
    expect(session.run(train, { rate: tf.scalar(5) }).before.arraySync()).toBe(15)
    expect(session.run(evaluate, { x: tf.ones([2]) }).arraySync()).toEqual([75, 75])
    expect(session.state().steps.arraySync()).toBe(2)
  })

  it('can be set in part, as a resumed checkpoint does', () => {
    const { session, train, evaluate } = counting()
    session.run(train, { rate: tf.scalar(5) })
    session.setState({ model: { 'blocks.0.weight': tf.scalar(-1) } })
    expect(session.run(evaluate, { x: tf.ones([2]) }).arraySync()).toEqual([-1, -1])
    expect(session.state().steps.arraySync()).toBe(1)
    expect(() => session.setState({ model: { unknown: tf.scalar(1) } } as never)).toThrow('no state model/unknown')
  })

  it('is not shared by two sessions', () => {
    const { builder, session, train } = counting()
    const other = loaded(builder)
    session.run(train, { rate: tf.scalar(5) })
    expect(other.state().steps.arraySync()).toBe(0)
  })

  it('exchanges two variables, each read before it is assigned', () => {
    const builder = builderOf({ a: tf.scalar(1), b: tf.scalar(2) })
    const swap = builder.capture('swap', (_, { a, b }) => ({ outputs: [], state: { a: b, b: a } }), {})
    const session = loaded(builder)
    for (let i = 0; i < 3; i++) session.run(swap, {})
    expect([session.state().a.arraySync(), session.state().b.arraySync()]).toEqual([2, 1])
  })

  it('keeps a value that came in as an input after the input is gone', () => {
    const builder = builderOf({ kept: tf.zeros([1000]) })
    const keep = builder.capture('keep', ({ x }) => ({ outputs: [], state: { kept: x! } }), { x: tf.zeros([1000]) })
    const session = loaded(builder)
    const values = new Float32Array(1000).fill(7)
    const x = tf.tensor1d(values)
    session.run(keep, { x })
    x.dispose()
    values.fill(8)
    expect(session.state().kept.min().arraySync()).toBe(7)
  })
})

it('holds no tensor after session and builder are disposed of', () => {
  const before = {
    tensors: tf.memory().numTensors,
    native: nativeBackend().getNumOfTFTensors(),
    sessions: nativeBackend().getNumOfSavedModels(),
  }
  const state = { w: tf.ones([3]) }
  const x = tf.ones([3])
  const builder = new ProgramBuilder(state)
  const program = builder.capture(
    'sum',
    ({ x: input }, { w }) => ({ outputs: input!.mul(w), state: { w: w.add(1) } }),
    { x },
  )
  const session = builder.load()
  session.run(program, { x }).dispose()
  session.dispose()
  builder.dispose()
  tf.dispose([state.w, x])
  expect({
    tensors: tf.memory().numTensors,
    native: nativeBackend().getNumOfTFTensors(),
    sessions: nativeBackend().getNumOfSavedModels(),
  }).toEqual(before)
})

it('says which input is missing or has another shape', () => {
  const builder = builderOf({})
  const program = builder.capture('sum', ({ x }) => ({ outputs: x!.sum() }), { x: tf.ones([2, 3]) })
  const session = loaded(builder)
  expect(() => session.run(program, {} as never)).toThrow('sum needs the input x')
  expect(() => session.run(program, { x: tf.ones([3, 2]) })).toThrow(
    'The input x of sum is [3, 2] float32; the program was captured for [2, 3].',
  )
})
