import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { gelu, relu, relu6, silu } from '../kernels/activation.ts'
import { affine } from '../kernels/affine.ts'
import { normaliseBatch, normaliseByStatistics } from '../kernels/batch-normalisation.ts'
import { convolve, convolveDepthwise, type ConvolutionGeometry } from '../kernels/convolution.ts'
import { normaliseLayer } from '../kernels/layer-normalisation.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../tf.ts'
import type { GraphNode } from './graph.ts'
import { withFusedOperators } from './fused-operators.ts'
import { loop, ProgramBuilder } from '../programs/index.ts'

const same: ConvolutionGeometry = { stride: 1, padding: { top: 1, bottom: 1, left: 1, right: 1 } }
const uneven: ConvolutionGeometry = { stride: 1, padding: { top: 0, bottom: 2, left: 0, right: 2 } }

const normal = <T extends Tensor>(shape: number[], seed: number) => tf.randomNormal(shape, 0, 0.3, 'float32', seed) as T
const vector = (seed: number) => tf.randomUniform([8], 0.5, 1.5, 'float32', seed) as Tensor1D
const filter = normal<Tensor4D>([3, 3, 8, 8], 1)
const perChannel = normal<Tensor4D>([3, 3, 8, 1], 2)
const matrix = normal<Tensor2D>([8, 8], 3)
const [bias, scale, mean, variance] = [vector(4), vector(5), vector(6), vector(7)]
const images = () => normal<Tensor4D>([2, 6, 6, 8], 8)

const convolved = (x: Tensor4D) => convolve(x, filter, same, bias)
const normalised = (x: Tensor4D) => normaliseByStatistics(convolve(x, filter, same), scale, bias, mean, variance, 1e-3)

const cases: Record<string, { layers: (x: Tensor4D) => Tensor4D; fused: string[] }> = {
  'a bias': { layers: convolved, fused: ['_FusedConv2D BiasAdd'] },
  'a bias and an activation': { layers: (x) => relu6(convolved(x)), fused: ['_FusedConv2D BiasAdd Relu6'] },
  'a bias and an image': { layers: (x) => tf.add(convolved(x), x), fused: ['_FusedConv2D BiasAdd Add'] },
  'an image and a bias': { layers: (x) => tf.add(x, convolved(x)), fused: ['_FusedConv2D BiasAdd Add'] },
  'all three': { layers: (x) => relu(tf.add(convolved(x), x)), fused: ['_FusedConv2D BiasAdd Add Relu'] },
  'a batch norm and an activation': {
    layers: (x) => relu(normalised(x)),
    fused: ['_FusedConv2D FusedBatchNorm Relu'],
  },
  'a depthwise one': {
    layers: (x) => relu6(convolveDepthwise(x, perChannel, same, bias)),
    fused: ['_FusedDepthwiseConv2dNative BiasAdd Relu6'],
  },
  'a matrix product': { layers: (x) => affine(x, matrix, bias), fused: ['_FusedMatMul BiasAdd'] },
  'a bias and an activation, where a product of images is one of matrices': {
    layers: (x) => relu6(affine(x, matrix, bias)),
    fused: ['_FusedMatMul BiasAdd Relu6'],
  },
  'a bias and GELU': { layers: (x) => gelu(affine(x, matrix, bias)), fused: ['_FusedMatMul BiasAdd GeluExact'] },
  'a bias and GELU, of matrices': {
    layers: (x) => gelu(affine(x.reshape<Tensor2D>([72, 8]), matrix, bias)).reshape(x.shape),
    fused: ['_FusedMatMul BiasAdd GeluExact'],
  },
  'a bias only, where GELU follows a convolution': {
    layers: (x) => gelu(convolved(x)),
    fused: ['_FusedConv2D BiasAdd'],
  },
  'a bias only, where a gradient needs what GELU computes': {
    layers: (x) => tf.grad((points) => gelu(affine(points as Tensor4D, matrix, bias)).sum())(x) as Tensor4D,
    fused: ['_FusedMatMul BiasAdd'],
  },
  'a layer norm, in one operator': { layers: (x) => normaliseLayer(x, scale, bias, 1e-6), fused: ['_MklLayerNorm'] },
  'a layer norm and x σ(x), inside a loop': {
    layers: (x) => loop(2, { x }, (carried) => ({ x: silu(normaliseLayer(carried.x, scale, bias, 1e-6)) })).x,
    fused: ['_MklLayerNorm', '_MklSwish'],
  },
  'nothing, where a gradient needs the normalised rows': {
    layers: (x) =>
      tf.grad((points) =>
        normaliseLayer(points as Tensor4D, scale, bias, 1e-6)
          .square()
          .sum(),
      )(x) as Tensor4D,
    fused: [],
  },
  'a bias only, where a sigmoid is fused with what it multiplies': {
    layers: (x) => silu(convolved(x)),
    fused: ['_FusedConv2D BiasAdd', '_MklSwish'],
  },
  'nothing, where a gradient needs the sigmoid': {
    layers: (x) => tf.grad((points) => silu(points as Tensor4D).sum())(x) as Tensor4D,
    fused: [],
  },
  'nothing, where the sigmoid multiplies something else': {
    layers: (x) => tf.mul(x, tf.sigmoid(tf.add(x, 1))),
    fused: [],
  },
  'inside a loop': {
    layers: (x) => loop(3, { x }, (carried) => ({ x: relu6(convolved(carried.x)) })).x,
    fused: ['_FusedConv2D BiasAdd Relu6'],
  },
  'a bias only, where its result is read twice': {
    layers: (x) => {
      const y = convolved(x)
      return tf.mul(relu(y), y)
    },
    fused: ['_FusedConv2D BiasAdd'],
  },
  'a bias only, where the image has another size': {
    layers: (x) => tf.add(convolved(x), x.mean(0, true)),
    fused: ['_FusedConv2D BiasAdd'],
  },
  'one activation only, where two follow': {
    layers: (x) => relu6(relu(convolved(x))),
    fused: ['_FusedConv2D BiasAdd Relu'],
  },
  'nothing, where a batch norm computes its own statistics': {
    layers: (x) => normaliseBatch(convolve(x, filter, same), scale, bias, 1e-3).y,
    fused: [],
  },
  'nothing, where it is depthwise with explicit padding': {
    layers: (x) => tf.add(convolveDepthwise(x, perChannel, uneven), bias),
    fused: [],
  },
}

describe('a layer is fused with', () => {
  it.each(Object.entries(cases))('%s', (_name, { layers, fused }) => {
    const builder = new ProgramBuilder({})
    const x = images()
    const program = builder.capture('layers', (given) => ({ outputs: { y: layers(given.x as Tensor4D) } }), { x })
    const before = JSON.stringify(program.nodes.map(({ name, operator }) => [name, operator]))
    const graph = withFusedOperators(program)
    expect([...graph.nodes, ...graph.functions.flatMap(({ nodes }) => nodes)].flatMap(fusedOf)).toEqual(fused)
    expect(JSON.stringify(program.nodes.map(({ name, operator }) => [name, operator]))).toBe(before)
    const session = builder.finish()
    const [replayed, eager] = [session.run(program, { x }).y.dataSync(), layers(x).dataSync()]
    session.dispose()
    replayed.forEach((value, i) => expect(value).toBeCloseTo(eager[i]!, 4))
  })
})

it('fuses nothing where oneDNN is off', { timeout: 60_000 }, () => {
  const program = `
    import { relu } from '${import.meta.dirname}/../kernels/activation.ts'
    import { convolveDepthwise } from '${import.meta.dirname}/../kernels/convolution.ts'
    import { tf } from '${import.meta.dirname}/../tf.ts'
    import { ProgramBuilder } from '${import.meta.dirname}/../programs/index.ts'
    const geometry = { stride: 1, padding: { top: 1, bottom: 1, left: 1, right: 1 } }
    const x = tf.ones([1, 4, 4, 2])
    const builder = new ProgramBuilder({})
    const layers = (given) => relu(convolveDepthwise(given, tf.ones([3, 3, 2, 1]), geometry, tf.tensor1d([1, 2])))
    const captured = builder.capture('layers', (given) => ({ outputs: { y: layers(given.x) } }), { x })
    console.log(builder.finish().run(captured, { x }).y.sum().dataSync()[0])`
  const env = { ...process.env, TF_ENABLE_ONEDNN_OPTS: '0', GAUNTLET_CACHE: '' }
  const options = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, options, { cwd: import.meta.dirname, env, encoding: 'utf8' })
  expect(stdout.trim(), stderr).toBe('248')
})

it('fuses no operators of other element types', () => {
  const builder = new ProgramBuilder({})
  const program = builder.capture('layers', ({ x }) => ({ outputs: { y: convolved(x as Tensor4D) } }), { x: images() })
  builder.dispose()
  const inHalf = program.nodes.map((node) => ({ ...node, attributes: { ...node.attributes, T: { type: 14 } } }))
  expect(withFusedOperators({ nodes: inHalf, functions: [] }).nodes.flatMap(fusedOf)).toEqual([])
})

function fusedOf({ operator, attributes: { fused_ops } }: GraphNode): string[] {
  if (operator.startsWith('_Mkl')) return [operator]
  return fused_ops && 'texts' in fused_ops ? [`${operator} ${fused_ops.texts.join(' ')}`] : []
}
