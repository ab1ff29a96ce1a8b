import { useCpuPlugin } from '../cpu-plugin.fixture.ts'
import { describe, expect, it } from 'vitest'
import { rotatePairs } from '../kernels/pair-rotation.ts'
import { poolMaximum } from '../kernels/pooling.ts'
import type { Program } from '../sessions/program.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { TensorflowSession } from '../sessions/tensorflow-session.ts'
import { uniform } from '../random.ts'
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../tf.ts'
import { withXlaOperators } from './xla-operators.ts'

useCpuPlugin()

const draw = (purpose: string, shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return tf.tensor(uniform({ seed: 1, purpose }, count).map((u) => 2 * u - 1), shape) // prettier-ignore
}

type Layer = (...inputs: Tensor[]) => Tensor

/** A layer and the gradient of its first input, as a program. */
function captured(layer: Layer, inputs: readonly Tensor[]) {
  const named = Object.fromEntries(inputs.map((tensor, i) => [`x${i}`, tensor]))
  const builder = new ProgramBuilder({})
  const program = builder.capture(
    'layer',
    (given) => {
      const [first, ...rest] = Object.values(given)
      const loss = (x: Tensor) => layer(x, ...rest).square().sum() // prettier-ignore
      return { outputs: { y: layer(first!, ...rest), gradient: tf.grad(loss)(first!) } }
    },
    named,
  )
  return { builder, program: program as Program, named }
}

/** What TensorFlow computes of the recorded operators, and of those that replace them for XLA. */
function both({ builder, program, named }: ReturnType<typeof captured>): [Float32Array, Float32Array][] {
  const [own, replaced] = [(graph: never) => graph, withXlaOperators].map((rewrite) => {
    const session = TensorflowSession.open(rewrite(builder['graph']() as never))
    const outputs = session.run(program, Object.values(named), tf.scalar(1, 'int32'))
    session.dispose()
    return outputs.map((tensor) => tensor.dataSync<'float32'>())
  })
  return own!.map((values, i) => [values, replaced![i]!])
}

const pooling = { kernel: 3, stride: 2, padding: 1 }
const layers: [string, Layer, number[][]][] = [
  ['pooling with padding', (x) => poolMaximum(x as Tensor4D, { ...pooling, stride: 1 }), [[2, 5, 5, 3]]],
  ['the rotation of pairs', (x, turns) => rotatePairs(x as Tensor4D, turns as Tensor2D), [[2, 3, 5, 8], [5, 8]]], // prettier-ignore
]

describe('operators that XLA has not', () => {
  it.each(layers)('are replaced by others that give the same bits: %s', (_, layer, shapes) => {
    const program = captured(
      layer,
      shapes.map((shape, i) => draw(`x${i}`, shape)),
    )
    for (const [own, replaced] of both(program)) expect(replaced).toEqual(own)
  })

  it.each(layers)('are compiled by XLA then: %s', (_, layer, shapes) => {
    const { builder, program, named } = captured(
      layer,
      shapes.map((shape, i) => draw(`x${i}`, shape)),
    )
    const session = builder.finish() // compares with eager code
    expect(session.agreements.get('layer')!.deviation).toBeLessThan(1e-6)
    session.run(program, named)
    session.dispose()
  })

  it('never take the padding as the maximum, also where all numbers are below zero', () => {
    const inputs = [tf.fill([1, 4, 4, 1], -5)]
    const [[own, replaced]] = both(captured((x) => poolMaximum(x as Tensor4D, pooling), inputs)) as [
      [Float32Array, Float32Array],
    ]
    expect([...replaced]).toEqual([...own])
    expect([...own]).toEqual([-5, -5, -5, -5])
  })
})
