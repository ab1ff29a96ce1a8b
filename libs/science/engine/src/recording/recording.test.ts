import { expect, it } from 'vitest'
import { tf, type Tensor } from '../tf.ts'
import { loop, ProgramBuilder } from '../programs/index.ts'
import { neededNodes } from '../graphs/graph.ts'

/** The operators of a program with one output, and then those of its loops, without constants. */
function operatorsOf(layers: (x: Tensor) => Tensor): string[] {
  const builder = new ProgramBuilder({})
  const program = builder.capture('layers', ({ x }) => ({ outputs: { y: layers(x) } }), { x: tf.ones([4, 4]) })
  builder.dispose()
  const roots = program.nodes.filter(({ name }) => program.outputs.fetched.includes(name))
  const nodes = [...neededNodes(program.nodes, roots), ...program.functions.flatMap((each) => each.nodes)]
  return nodes.map(({ operator }) => operator).filter((operator) => !/^(Const|Placeholder|Identity)$/.test(operator))
}

it('records equal operators of equal inputs once', () => {
  expect(operatorsOf((x) => tf.add(tf.exp(x), tf.exp(x)))).toEqual(['Exp', 'Add'])
  expect(operatorsOf((x) => tf.add(tf.sum(x, 0), tf.sum(x, 0)))).toEqual(['Sum', 'Add'])
  expect(operatorsOf((x) => tf.add(tf.matMul(x, x), tf.matMul(x, x, true)))).toEqual([
    'BatchMatMulV2',
    'BatchMatMulV2',
    'Add',
  ])
  expect(operatorsOf((x) => tf.add(tf.sum(x, 0), tf.sum(x, 1)))).toEqual(['Sum', 'Sum', 'Add'])
})

it('records an operator inside a loop apart from an equal one outside', () => {
  const operators = operatorsOf((x) => tf.add(tf.exp(x), loop(2, { x }, (carried) => ({ x: tf.exp(carried.x) })).x))
  expect(operators.filter((operator) => operator === 'Exp')).toHaveLength(2)
})

it('records several reshapes as one, and as none where the last shape equals the first', () => {
  expect(operatorsOf((x) => tf.exp(x.reshape([16]).reshape([2, 8]).reshape([8, 2])))).toEqual(['Reshape', 'Exp'])
  expect(operatorsOf((x) => tf.exp(x.reshape([16]).reshape([4, 4])))).toEqual(['Exp'])
  expect(operatorsOf((x) => tf.mul(tf.exp(x.reshape([16])), tf.sin(x.reshape([16]))))).toEqual([
    'Reshape',
    'Exp',
    'Sin',
    'Mul',
  ])
})

it('gives what eager code gives where operators are merged', () => {
  const builder = new ProgramBuilder({})
  const x = tf.tensor2d([0, 1, 2, 3], [2, 2])
  const layers = (given: Tensor) => tf.add(tf.exp(given.reshape([4])).sum(), tf.exp(given.reshape([4])).reshape([2, 2]))
  const program = builder.capture('layers', (inputs) => ({ outputs: { y: layers(inputs.x) } }), { x })
  const session = builder.finish()
  expect([...session.run(program, { x }).y.dataSync()]).toEqual([...layers(x).dataSync()])
  session.dispose()
})
