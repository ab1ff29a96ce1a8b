import { describe, expect, it } from 'vitest'
import { tf, type Scalar, type Tensor } from '../tf.ts'
import type { GraphNode } from './graph.ts'
import { loop, ProgramBuilder, repeatWhile, type NamedTensors } from '../programs/index.ts'
import { withLoopFrames } from './loop-frames.ts'

type Body = (x: Tensor, w: Tensor) => Tensor

const wide = tf.linspace(0, 1, 2 ** 15)

const bodies: Record<string, Body> = {
  'what is carried changes places': (x, w) => {
    const { a, b } = loop(3, { a: x, b: w }, ({ a, b }) => ({ a: b, b: a.add(b) }))
    return a.sub(b)
  },
  'a value from around takes the place of what was carried': (x, w) =>
    loop(3, { a: x, b: x }, ({ a }) => ({ a: a.add(1), b: w })).b,
  'all iterations compute the same': (x, w) => loop(3, { a: x }, () => ({ a: w.mul(2) })).a,
  'it has a loop inside that reads from around both': (x, w) =>
    loop(2, { a: x }, ({ a }, i) => ({
      a: loop(3, { b: a }, ({ b }, j) => ({ b: b.mul(w).add(i.add(j).toFloat()) })).b,
    })).a,
  'a loop inside reads from around alone': (x, w) =>
    loop(3, { a: x }, ({ a }) => ({ a: a.add(loop(2, { b: w }, ({ b }) => ({ b: b.square() })).b) })).a,
  'it ends before its first iteration': (x, w) =>
    repeatWhile(
      ({ a }) => a.min().greater<Scalar>(100),
      { a: x },
      ({ a }) => ({ a: a.add(w) }),
      { atMost: 5 },
    ).a,
  'an iteration makes much of what is around': (x, w) =>
    loop(3, { a: x }, ({ a }) => ({ a: a.add(wide.mul(w.sum()).mean()) })).a,
}

function captured(body: Body) {
  const builder = new ProgramBuilder({})
  const inputs = { x: tf.tensor2d([0.5, -1, 2, 0.25], [2, 2]), w: tf.tensor2d([1, 0.5, -0.25, 0.125], [2, 2]) }
  const code = ({ x, w }: NamedTensors) => ({ outputs: { y: body(x!, w!) } })
  return { builder, inputs, program: builder.capture('looping', code, inputs) }
}

describe('a loop as a frame gives what it gives eagerly where', () => {
  it.each(Object.entries(bodies))('%s', (_, body) => {
    const { builder, inputs, program } = captured(body)
    const replayed = builder.finish().run(program, inputs).y.dataSync()
    const eager = body(inputs.x, inputs.w).dataSync()
    replayed.forEach((value, i) => expect(value).toBeCloseTo(eager[i]!, 5))
  })
})

describe('in a frame', () => {
  const nodesOf = (body: Body): readonly GraphNode[] => {
    const { builder, program } = captured(body)
    builder.dispose()
    const graph = withLoopFrames(program)
    expect(graph.functions).toEqual([])
    return graph.nodes
  }
  const count = (nodes: readonly GraphNode[], operator: string) =>
    nodes.filter((node) => node.operator === operator).length
  const moving: Body = (x, w) => loop(9, { a: x }, ({ a }) => ({ a: a.mul(w.square().add(3)) })).a

  it('only what an iteration changes is carried on, and all else enters once', () => {
    const nodes = nodesOf(moving)
    expect([count(nodes, 'Merge'), count(nodes, 'NextIteration'), count(nodes, 'Exit')]).toEqual([2, 2, 2])
    const constant = nodes.filter(({ attributes }) => (attributes['is_constant'] as { truth?: boolean })?.truth)
    // The bound, the step of the iteration's number, and the factor.
    expect(constant).toHaveLength(3)
  })

  it('what follows from around and is small is computed before the loop', () => {
    const [factor] = nodesOf(moving).filter(({ operator }) => operator === 'Square')
    expect(factor!.inputs[0]!.node.operator).toBe('Placeholder')
  })

  it('what is large is computed where it is used, once it is certain that there is an iteration', () => {
    const nodes = nodesOf(bodies['an iteration makes much of what is around']!)
    const large = nodes.find(({ operator, outputs }) => operator === 'Mul' && outputs[0]!.shape[0] === wide.size)!
    expect(large.inputs.map(({ node }) => node.operator)).toEqual(['Enter', 'Enter'])
    expect(large.controls.map(({ operator }) => operator)).toEqual(['Identity'])
  })
})
