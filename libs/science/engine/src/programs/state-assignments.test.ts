import { expect, it } from 'vitest'
import { tf, type Tensor } from '../tf.ts'
import { ProgramBuilder } from './program-builder.ts'

type Pair = { readonly a: Tensor; readonly b: Tensor }

/** The state after two runs of a program with the input x = [1, 2], and the operators that assign it. */
function afterTwoRuns(change: (x: Tensor, state: Pair) => Partial<Pair>) {
  const builder = new ProgramBuilder<Pair>({ a: tf.tensor1d([10, 20]), b: tf.tensor1d([5, 6]) })
  const x = tf.tensor1d([1, 2])
  const program = builder.capture(
    'change',
    ({ x: given }, state) => ({ outputs: {}, state: change(given!, state) as never }),
    {
      x,
    },
  )
  const session = builder.load()
  for (let i = 0; i < 2; i++) session.run(program, { x })
  const { a, b } = session.state()
  session.dispose()
  builder.dispose()
  const assigning = program.nodes.map(({ operator }) => operator).filter((name) => name.startsWith('Assign'))
  return { a: [...a.dataSync()], b: [...b.dataSync()], assigning }
}

it('adds to a variable in place', () => {
  expect(afterTwoRuns((x, { a }) => ({ a: a.add(x) }))).toEqual({
    a: [12, 24],
    b: [5, 6],
    assigning: ['AssignAddVariableOp'],
  })
})

it.each([
  ['assigned to another variable', (x: Tensor, { a }: Pair) => ({ a: a.add(x), b: a }), [12, 24], [11, 22]],
  ['needed elsewhere', (x: Tensor, { a, b }: Pair) => ({ a: a.add(x), b: b.add(a.mul(2)) }), [12, 24], [47, 90]],
])('uses the old value where it is %s', (_, change, a, b) => {
  expect(afterTwoRuns(change)).toMatchObject({ a, b })
})

it.each<[string, (x: Tensor) => Tensor]>([
  ['reshaped', (x) => x.reshape([2, 1]).reshape([2])],
  ['tiled by one', (x) => x.tile([1])],
  ['padded by nothing', (x) => x.pad([[0, 0]])],
  ['summed over an axis of one', (x) => x.reshape([2, 1]).sum(1)],
  ['the only part of a split', (x) => tf.split(x, 1)[0]!],
  ['a slice of whole rows', (x) => x.slice([0], [2])],
])('holds a copy of an input that is %s, whose memory JavaScript may write over', (_, given) => {
  const builder = new ProgramBuilder({ a: tf.tensor1d([10, 20]) as Tensor })
  const program = builder.capture('change', ({ x }) => ({ outputs: {}, state: { a: given(x!) } }), {
    x: tf.tensor1d([3, 4]),
  })
  const session = builder.finish()
  const values = Float32Array.of(1, 2)
  session.run(program, { x: tf.tensor1d(values) })
  values.fill(9)
  expect([...session.state().a.dataSync()]).toEqual([1, 2])
  session.dispose()
})

it('assigns one sum to two variables, and broadcasts a summand', () => {
  const both = (x: Tensor, { a }: Pair) => {
    const sum = a.add(x)
    return { a: sum, b: sum }
  }
  expect(afterTwoRuns(both)).toMatchObject({ a: [12, 24], b: [12, 24] })
  expect(afterTwoRuns((x, { a }) => ({ a: a.add(x.sum()) }))).toMatchObject({ a: [16, 26] })
})
