/**
 * CoAtNet (Dai et al., "CoAtNet: Marrying Convolution and Attention for All Data Sizes", arXiv:2106.04803): two stages
 * of inverted residuals, then two of attention with a bias per offset. The `rw` models and the `sw` weights are Ross
 * Wightman's, Apache-2.0. Names, shapes and arithmetic are timm's (maxxvit.py, timm 1.0.31).
 */
import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import {
  attention,
  averagePool2d,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  dropout,
  gelu,
  globalAveragePool,
  layerNorm,
  linear,
  maxPool2d,
  normalise,
  relu,
  sigmoid,
  silu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { coAtNetFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { coAtNetVariants, type CoAtNetArchitecture } from './coatnet-variants.ts'
import { requireSide } from '../fixed-resolution.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { relativePositionBias } from './relative-position-bias.ts'
import { resampledOffsets } from '../checkpoints/resampled-offsets.ts'
import {
  batchNormSpecification,
  biasSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
  decayedSpecification,
} from '../specifications.ts'

const headWidth = 32
const expansion = 4
/** Of the MLP that computes biases from offsets, in training. */
const positionDropout = 0.125
/** Of the norms around convolutions, and of those of the stages of attention. */
const convolutionEpsilon = 1e-5
const attentionEpsilon = 1e-6

/** A block of either kind. */
interface Block {
  readonly name: string
  readonly kind: 'convolution' | 'attention'
  readonly input: number
  readonly output: number
  /** Whether the block halves the side, as the first of each stage does. */
  readonly halves: boolean
  /** The side of the block's output. */
  readonly side: number
  readonly architecture: CoAtNetArchitecture
}

export const coAtNetModels = familyModels([coAtNetFamily], coAtNetVariants, coAtNet)

function coAtNet(
  architecture: CoAtNetArchitecture,
  { id, side, normalisation, pretrainedClasses }: PublishedModel,
): FamilyModel {
  const blocks = blocksOf(architecture, side)
  const sideOf = new Map(blocks.map((block) => [biasTable(block), block.side]))
  return {
    features: architecture.widths[3],
    classifier: 'head.fc',
    specifications: (classes) => specifications(classes, architecture, blocks),
    convertCheckpoint: (arrays) => convertCheckpoint(arrays, specifications(pretrainedClasses, architecture, blocks)),
    resizePositions: (array) => (sideOf.has(array.name) ? resampledOffsets(array, sideOf.get(array.name)!) : array),
    logits: (images, parameters, context) => {
      requireSide(images, side, id)
      const features = featuresOf(normalise(images, normalisation), parameters, blocks, context)
      const normed = attentionNorm(features, parameters.at('norm'), architecture, context)
      return linear(globalAveragePool(normed), parameters.at('head.fc'))
    },
  }
}

function blocksOf(architecture: CoAtNetArchitecture, side: number): Block[] {
  const { stem, widths, depths } = architecture
  return depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, i): Block => {
      const output = widths[stage]!
      return {
        name: `stages.${stage}.blocks.${i}`,
        kind: stage < 2 || (i === 0 && architecture.convolvesFirst) ? 'convolution' : 'attention',
        input: i > 0 ? output : (widths[stage - 1] ?? stem[1]),
        output,
        halves: i === 0,
        side: side / 2 ** (stage + 2),
        architecture,
      }
    }),
  )
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, last width] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, blocks: readonly Block[], context: ForwardContext): Tensor4D {
  const stem = parameters.at('stem')
  let y = normedSilu(conv2d(x, stem.at('conv1'), { stride: 2, padding: 1 }), stem.at('norm1'), context)
  y = conv2d(y, stem.at('conv2'), { padding: 1 })
  for (const block of blocks) {
    const compute = block.kind === 'convolution' ? invertedResidual : transformerBlock
    y = tf.tidy(() => compute(y, parameters.at(block.name), block, context))
  }
  return y
}

/**
 * An inverted residual with the norm first (arXiv:2106.04803, section 2.1). x: [batch, side, side, input]; [batch,
 * side, side, output] out, where the side is halved if the block halves it.
 */
function invertedResidual(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { halves, activatesFirst, excitation, excitationActivation } = block.architecture
  const activation = excitationActivation === 'relu' ? relu : silu
  const first = normed(x, parameters.at('pre_norm'), context)
  let y = activatesFirst ? silu(first) : first
  if (block.halves && halves === 'pool') y = averagePool2d(y, { kernel: 2, stride: 2 })
  y = normedSilu(conv2d(y, parameters.at('conv1_1x1'), { padding: 0 }), parameters.at('norm1'), context)
  const stride = block.halves && halves === 'depthwise' ? 2 : 1
  y = depthwiseConv2d(y, parameters.at('conv2_kxk'), { stride, padding: 1 })
  if (excitation === 'early') y = excited(y, parameters.at('se_early'), activation)
  y = normedSilu(y, parameters.at('norm2'), context)
  if (excitation === 'late') y = excited(y, parameters.at('se'), activation)
  return conv2d(y, parameters.at('conv3_1x1'), { padding: 0 }).add(shortcut(x, parameters, block))
}

/** Squeeze-and-excitation (arXiv:1709.01507, section 3). x: [batch, side, side, channels]; same shape out. */
function excited(x: Tensor4D, parameters: Parameters, activation: (x: Tensor4D) => Tensor4D): Tensor4D {
  const squeezed = tf.mean<Tensor4D>(x, [1, 2], true)
  const reduced = activation(conv2d(squeezed, parameters.at('fc1'), { padding: 0 }))
  return x.mul(sigmoid(conv2d(reduced, parameters.at('fc2'), { padding: 0 })))
}

/**
 * Attention and MLP, each with a norm before it (arXiv:2106.04803, appendix A.1). Shapes are those of the inverted
 * residual.
 */
function transformerBlock(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { architecture } = block
  const scaled = (y: Tensor4D, name: string): Tensor4D =>
    architecture.layerScale ? y.mul(parameters.tensor(`${name}.gamma`)) : y
  const norm1 = block.halves ? parameters.at('norm1.norm') : parameters.at('norm1')
  const before = attentionNorm(x, norm1, architecture, context)
  const mixed = relativeAttention(
    block.halves ? halved(before, architecture) : before,
    parameters.at('attn'),
    block,
    context,
  )
  const y = shortcut(x, parameters, block).add<Tensor4D>(scaled(mixed, 'ls1'))
  const after = attentionNorm(y, parameters.at('norm2'), architecture, context)
  const hidden = gelu(conv2d(after, parameters.at('mlp.fc1'), { padding: 0 }))
  return y.add(scaled(conv2d(hidden, parameters.at('mlp.fc2'), { padding: 0 }), 'ls2'))
}

/** The norm of the stages of attention. */
function attentionNorm(
  x: Tensor4D,
  parameters: Parameters,
  { norm }: CoAtNetArchitecture,
  context: ForwardContext,
): Tensor4D {
  return norm === 'layer'
    ? layerNorm(x, parameters, { epsilon: attentionEpsilon })
    : batchNorm(x, parameters, context, { epsilon: attentionEpsilon })
}

/**
 * Attention over all positions with a learned bias per offset (arXiv:2106.04803, equation 3, "pre-softmax"). x: [batch,
 * side, side, input]; [batch, side, side, output] out.
 */
function relativeAttention(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const heads = channels / headWidth
  // In the reference query, key and value of a head are next to each other.
  const projected = conv2d(x, parameters.at('qkv'), { padding: 0 }).reshape([
    batch,
    height * width,
    heads,
    3,
    headWidth,
  ])
  const [query, key, value] = tf.unstack(projected.transpose([3, 0, 2, 1, 4])) as [Tensor4D, Tensor4D, Tensor4D]
  const bias = relativePositionBias(biasesOf(parameters.at('rel_pos'), block, context), block.side)
  const mixed = attention(query, key, value, { scale: 1 / Math.sqrt(headWidth), bias }).transpose([0, 2, 1, 3])
  return conv2d(mixed.reshape(x.shape), parameters.at('proj'), { padding: 0 })
}

/** The bias of each offset for each head: [(2 · side − 1)², heads]. */
function biasesOf(parameters: Parameters, { side, architecture }: Block, context: ForwardContext): Tensor2D {
  if (architecture.positions === 'table') return parameters.tensor('relative_position_bias_table')
  const hidden = relu(linear(tf.tensor2d(logOffsets(side), [(2 * side - 1) ** 2, 2]), parameters.at('mlp.fc1')))
  return linear(dropout(hidden, positionDropout, context), parameters.at('mlp.fc2'))
}

/**
 * ± log(1 + |offset|) down and right (timm's mode `cr` after Swin V2, arXiv:2111.09883, section 3.3), in the order of
 * the table. [(2 · side − 1)², 2].
 */
function logOffsets(side: number): Float32Array {
  const offsets = 2 * side - 1
  const log = (offset: number) => Math.sign(offset) * Math.LN2 * Math.log2(1 + Math.abs(offset))
  return Float32Array.from({ length: 2 * offsets ** 2 }, (_, at) => {
    const place = Math.floor(at / 2)
    return log((at % 2 === 0 ? Math.floor(place / offsets) : place % offsets) - (side - 1))
  })
}

/** The shortcut of a block: its input, pooled where the block halves the side, and projected where it is wider. */
function shortcut(x: Tensor4D, parameters: Parameters, block: Block): Tensor4D {
  if (!block.halves) return x
  const pooled = halved(x, block.architecture)
  return block.input === block.output ? pooled : conv2d(pooled, parameters.at('shortcut.expand'), { padding: 0 })
}

function halved(x: Tensor4D, { pool }: CoAtNetArchitecture): Tensor4D {
  return pool === 'average'
    ? averagePool2d(x, { kernel: 2, stride: 2 })
    : maxPool2d(x, { kernel: 3, stride: 2, padding: 1 })
}

function normedSilu(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  return silu(normed(x, parameters, context))
}

function normed(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  return batchNorm(x, parameters, context, { epsilon: convolutionEpsilon })
}

function specifications(
  classes: number,
  architecture: CoAtNetArchitecture,
  blocks: readonly Block[],
): ParameterSpecification[] {
  const { stem, widths } = architecture
  return [
    convolutionSpecification('stem.conv1', stem[0], 3, 3),
    ...batchNormSpecification('stem.norm1', stem[0]),
    convolutionSpecification('stem.conv2', stem[1], stem[0], 3),
    ...blocks.flatMap((block) => [
      ...shortcutSpecification(block),
      ...(block.kind === 'convolution' ? invertedResidualSpecification(block) : transformerSpecification(block)),
    ]),
    ...normSpecification('norm', widths[3], architecture),
    ...linearSpecification('head.fc', classes, widths[3]),
  ]
}

function shortcutSpecification({ name, kind, input, output, architecture }: Block): ParameterSpecification[] {
  if (input === output) return []
  const biased = kind === 'attention' ? architecture.shortcutBias : architecture.convolutionBias
  return pointwiseSpecification(`${name}.shortcut.expand`, output, input, biased)
}

function invertedResidualSpecification({ name, input, output, architecture }: Block): ParameterSpecification[] {
  const middle = expansion * input
  const norm2 = batchNormSpecification(`${name}.norm2`, middle)
  const excitation = (module: string) => [
    ...pointwiseSpecification(`${name}.${module}.fc1`, middle / 4, middle),
    ...pointwiseSpecification(`${name}.${module}.fc2`, middle, middle / 4),
  ]
  return [
    ...batchNormSpecification(`${name}.pre_norm`, input),
    convolutionSpecification(`${name}.conv1_1x1`, middle, input, 1),
    ...batchNormSpecification(`${name}.norm1`, middle),
    depthwiseSpecification(`${name}.conv2_kxk`, middle, 3),
    ...(architecture.excitation === 'early' ? [...excitation('se_early'), ...norm2] : [...norm2, ...excitation('se')]),
    ...pointwiseSpecification(`${name}.conv3_1x1`, output, middle, architecture.convolutionBias),
  ]
}

/** The name of the biases of the offsets between two positions, where the block has them. */
function biasTable({ name }: Block): string {
  return `${name}.attn.rel_pos.relative_position_bias_table`
}

function transformerSpecification(block: Block): ParameterSpecification[] {
  const { name, input, output, halves, architecture } = block
  const scale = (layer: string) =>
    architecture.layerScale ? [decayedSpecification(`${name}.${layer}.gamma`, [output])] : []
  return [
    ...normSpecification(halves ? `${name}.norm1.norm` : `${name}.norm1`, input, architecture),
    ...pointwiseSpecification(`${name}.attn.qkv`, 3 * input, input),
    ...positionSpecification(block),
    ...pointwiseSpecification(`${name}.attn.proj`, output, input),
    ...scale('ls1'),
    ...normSpecification(`${name}.norm2`, output, architecture),
    ...pointwiseSpecification(`${name}.mlp.fc1`, expansion * output, output),
    ...pointwiseSpecification(`${name}.mlp.fc2`, output, expansion * output),
    ...scale('ls2'),
  ]
}

function positionSpecification(block: Block): ParameterSpecification[] {
  const { name, input, side, architecture } = block
  const heads = input / headWidth
  const { positions } = architecture
  if (positions === 'table') return [decayedSpecification(biasTable(block), [(2 * side - 1) ** 2, heads])]
  return [
    ...linearSpecification(`${name}.attn.rel_pos.mlp.fc1`, positions, 2),
    ...linearSpecification(`${name}.attn.rel_pos.mlp.fc2`, heads, positions),
  ]
}

function normSpecification(name: string, channels: number, { norm }: CoAtNetArchitecture): ParameterSpecification[] {
  return norm === 'layer' ? layerNormSpecification(name, channels) : batchNormSpecification(name, channels)
}

/** A 1×1 convolution, with a bias unless `biased` is false. */
function pointwiseSpecification(name: string, output: number, input: number, biased = true): ParameterSpecification[] {
  const weight = convolutionSpecification(name, output, input, 1)
  return biased ? [weight, biasSpecification(name, output)] : [weight]
}

/**
 * Gives linear layers of a checkpoint the shape of 1×1 convolutions where the model has these, as timm's filter does.
 */
function convertCheckpoint(arrays: readonly NamedArray[], wanted: readonly ParameterSpecification[]): NamedArray[] {
  const shapes = new Map(wanted.map(({ name, shape }) => [name, shape]))
  return arrays.map((array) => {
    const shape = shapes.get(array.name) ?? []
    const pointwise = shape.length === 4 && array.shape.length === 2 && shape[2] === 1 && shape[3] === 1
    return pointwise ? { ...array, shape: [...array.shape, 1, 1] } : array
  })
}
