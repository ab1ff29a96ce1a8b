import { expect, it, test } from 'vitest'
import { tf, type Tensor } from '../tf.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import type { TensorTree } from '../sessions/tensor-tree.ts'

/** Called in a test, to show that it is refused. */
const javaScript: { random(): number } = Math

const weights = tf.variable(tf.ones([3]))

const refused: [what: string, message: string, body: (x: Tensor) => TensorTree][] = [
  ['a value read with dataSync', 'a value is read in JavaScript', (x) => x.mul(x.dataSync()[0]!)],
  [
    'a value read with arraySync',
    'a value is read in JavaScript',
    (x) => x.mul(x.square().sum().arraySync() as number),
  ],
  ['a value read with data', 'a value is read in JavaScript', (x) => (void x.data().catch(() => 0), x.add(1))],
  ['numbers of tf.randomNormal', 'tf.randomNormal makes its numbers', (x) => x.mul(tf.randomNormal([3]))],
  [
    'numbers of tf.randomNormal with a seed',
    'tf.randomNormal makes its numbers',
    (x) => x.mul(tf.randomNormal([3], 0, 1, 'float32', 7)),
  ],
  [
    'numbers of tf.randomUniform with a seed',
    'tf.randomUniform makes its numbers',
    (x) => x.mul(tf.randomUniform([3], 0, 1, 'float32', 7)),
  ],
  [
    'numbers of tf.truncatedNormal with a seed',
    'tf.truncatedNormal makes its numbers',
    (x) => x.mul(tf.truncatedNormal([3], 0, 1, 'float32', 7)),
  ],
  ['dropout of tfjs', 'tf.randomUniform makes its numbers', (x) => tf.dropout(x, 0.5, undefined, 3)],
  ['a draw with a generator of its own', 'tf.multinomial makes its numbers', (x) => tf.multinomial(x as never, 2, 3)],
  ['Math.random', 'Math.random is called', (x) => x.mul(javaScript.random())],
  ['an assignment to a variable', 'a tf.Variable is assigned', (x) => (weights.assign(x as never), x)],
  ['a variable from outside', 'a tf.Variable would be frozen', (x) => x.mul(weights)],
  ['a shape that depends on values', 'depends on values', (x) => tf.unique(x).values],
  ['a text', 'a text tensor', () => tf.tensor(['a'])],
]

test.each(refused)('refuses %s, naming the line', (_, message, body) => {
  const builder = new ProgramBuilder({})
  const capture = () => builder.capture('refused', ({ x }) => ({ outputs: body(x!) }), { x: tf.tensor1d([1, 2, 3]) })
  expect(capture).toThrow(message)
  expect(capture).toThrow(/refusals\.test\.ts:\d+:\d+: /)
  builder.dispose()
})

it('leaves tfjs as it was', () => {
  expect(tf.randomNormal([2]).dataSync()).toHaveLength(2)
  expect(javaScript.random()).toBeLessThan(1)
  weights.assign(tf.zeros([3]))
  expect(weights.dataSync()[0]).toBe(0)
})

it('refuses what is no tensor, an asynchronous function, undeclared state, and a name that is taken', () => {
  const builder = new ProgramBuilder({ w: tf.scalar(1) })
  const capture = (name: string, body: () => unknown) => () => builder.capture(name, body as never, {})
  expect(capture('a', () => ({ outputs: { loss: 3 } }))).toThrow(
    'loss is 3 where a program takes and gives tensors only',
  )
  expect(capture('b', async () => ({ outputs: {} }))).toThrow('asynchronous')
  expect(capture('c', () => ({ outputs: {}, state: { v: tf.scalar(1) } }))).toThrow('state v, which was not declared')
  expect(capture('d', () => ({ outputs: {}, state: { w: tf.ones([2]) } }))).toThrow('the state w changes from [] ')
  capture('e', () => ({ outputs: {} }))()
  expect(capture('e', () => ({ outputs: {} }))).toThrow('two programs called e')
  expect(capture('no name', () => ({ outputs: {} }))).toThrow('cannot be called no name')
})
