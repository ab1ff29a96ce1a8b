/**
 * CoAtNet (Dai et al., "CoAtNet: Marrying Convolution and Attention for All Data Sizes", arXiv:2106.04803): two stages
 * of inverted residuals, then two of attention with a bias per offset. The `rw` models and the `sw` weights are Ross
 * Wightman's, Apache-2.0. Names, shapes and arithmetic are timm's (`coatnet_0_rw_224`, `coatnet_2_rw_224`; timm
 * 1.0.31). Its `_rw_coat_cfg` lists what departs from the paper: expansion from the input's width, SiLU after the first
 * norm, no bias around inverted residuals, average pooling, and attention as wide as its input.
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  attention,
  averagePool2d,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  gelu,
  globalAveragePool,
  layerNorm,
  linear,
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
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { requireSide } from './fixed-resolution.ts'
import { publishedModel } from './published-model.ts'
import { relativePositionBias } from './relative-position-bias.ts'
import { resampledOffsets } from './resampled-offsets.ts'
import {
  batchNormSpecification,
  biasSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
  decayedSpecification,
} from './specifications.ts'

interface Architecture {
  readonly stem: readonly [number, number]
  readonly widths: readonly [number, number, number, number]
  readonly depths: readonly [number, number, number, number]
  /**
   * How the first inverted residual of a stage halves the side: by pooling before it, or by its depthwise convolution.
   */
  readonly halves: 'pool' | 'depthwise'
  /** Whether squeeze-and-excitation is before the second norm (with ReLU) or after it (with SiLU). */
  readonly excitation: 'early' | 'late'
  /** Whether the shortcut into the stages of attention has a bias. */
  readonly shortcutBias: boolean
}

const architectures = {
  coatnet_0_rw_224: {
    stem: [32, 64],
    widths: [96, 192, 384, 768],
    depths: [2, 3, 7, 2],
    halves: 'pool',
    excitation: 'early',
    shortcutBias: false,
  },
  coatnet_2_rw_224: {
    stem: [64, 128],
    widths: [128, 256, 512, 1024],
    depths: [2, 6, 14, 2],
    halves: 'depthwise',
    excitation: 'late',
    shortcutBias: true,
  },
} as const satisfies Record<string, Architecture>

const variants: Readonly<Record<string, Architecture>> = {
  'coatnet_0_rw_224.sw_in1k': architectures.coatnet_0_rw_224,
  'coatnet_2_rw_224.sw_in12k': architectures.coatnet_2_rw_224,
  'coatnet_2_rw_224.sw_in12k_ft_in1k': architectures.coatnet_2_rw_224,
}

const headWidth = 32
const expansion = 4
const batchNormEpsilon = 1e-5
const layerNormEpsilon = 1e-6

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
  readonly architecture: Architecture
}

export const coAtNetModels: FamilyModels = { ids: Object.keys(variants), architectures: [], build: coAtNet }

/** A CoAtNet by timm's name, or `undefined` if there is none of that name. */
function coAtNet(id: string, contract: InputContract, wanted?: number): Backbone | undefined {
  const architecture = variants[id]
  if (!architecture) return undefined
  const published = publishedModel(coAtNetFamily, id, contract, wanted)
  const { pretrainedClasses, normalisation, resolution } = published
  const side = resolution.native
  const blocks = blocksOf(architecture, side)
  const sideOf = new Map(blocks.map((block) => [biasTable(block), block.side]))
  return {
    ...published,
    features: architecture.widths[3],
    classifier: 'head.fc',
    specifications: (classes) => specifications(classes, architecture, blocks),
    convertCheckpoint: (arrays) => convertCheckpoint(arrays, specifications(pretrainedClasses, architecture, blocks)),
    resizePositions: (array) => (sideOf.has(array.name) ? resampledOffsets(array, sideOf.get(array.name)!) : array),
    logits: (images, parameters, context) => {
      requireSide(images, side, id)
      const features = featuresOf(normalise(images, normalisation), parameters, blocks, context)
      const normed = layerNorm(features, parameters.at('norm'), { epsilon: layerNormEpsilon })
      return linear(globalAveragePool(normed), parameters.at('head.fc'))
    },
  }
}

function blocksOf(architecture: Architecture, side: number): Block[] {
  const { stem, widths, depths } = architecture
  return depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, i): Block => {
      const output = widths[stage]!
      return {
        name: `stages.${stage}.blocks.${i}`,
        kind: stage < 2 ? 'convolution' : 'attention',
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
  const { halves, excitation } = block.architecture
  let y = normedSilu(x, parameters.at('pre_norm'), context)
  if (block.halves && halves === 'pool') y = halved(y)
  y = normedSilu(conv2d(y, parameters.at('conv1_1x1'), { padding: 0 }), parameters.at('norm1'), context)
  const stride = block.halves && halves === 'depthwise' ? 2 : 1
  y = depthwiseConv2d(y, parameters.at('conv2_kxk'), { stride, padding: 1 })
  if (excitation === 'early') y = excited(y, parameters.at('se_early'), relu)
  y = normedSilu(y, parameters.at('norm2'), context)
  if (excitation === 'late') y = excited(y, parameters.at('se'), silu)
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
function transformerBlock(x: Tensor4D, parameters: Parameters, block: Block): Tensor4D {
  const norm = block.halves ? parameters.at('norm1.norm') : parameters.at('norm1')
  const normed = layerNorm(x, norm, { epsilon: layerNormEpsilon })
  const mixed = relativeAttention(block.halves ? halved(normed) : normed, parameters.at('attn'), block)
  const y = shortcut(x, parameters, block).add<Tensor4D>(mixed)
  const hidden = conv2d(layerNorm(y, parameters.at('norm2'), { epsilon: layerNormEpsilon }), parameters.at('mlp.fc1'), {
    padding: 0,
  })
  return y.add(conv2d(gelu(hidden), parameters.at('mlp.fc2'), { padding: 0 }))
}

/**
 * Attention over all positions with a learned bias per offset (arXiv:2106.04803, equation 3, "pre-softmax"). x: [batch,
 * side, side, input]; [batch, side, side, output] out.
 */
function relativeAttention(x: Tensor4D, parameters: Parameters, { side }: Block): Tensor4D {
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
  const bias = relativePositionBias(parameters.tensor('rel_pos.relative_position_bias_table'), side)
  const mixed = attention(query, key, value, { scale: 1 / Math.sqrt(headWidth), bias }).transpose([0, 2, 1, 3])
  return conv2d(mixed.reshape(x.shape), parameters.at('proj'), { padding: 0 })
}

/** The shortcut of a block: its input, pooled where the block halves the side, and projected where it is wider. */
function shortcut(x: Tensor4D, parameters: Parameters, block: Block): Tensor4D {
  if (!block.halves) return x
  const pooled = halved(x)
  return block.input === block.output ? pooled : conv2d(pooled, parameters.at('shortcut.expand'), { padding: 0 })
}

function halved(x: Tensor4D): Tensor4D {
  return averagePool2d(x, { kernel: 2, stride: 2 })
}

function normedSilu(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  return silu(batchNorm(x, parameters, context, { epsilon: batchNormEpsilon }))
}

function specifications(
  classes: number,
  { stem, widths }: Architecture,
  blocks: readonly Block[],
): ParameterSpecification[] {
  return [
    convolutionSpecification('stem.conv1', stem[0], 3, 3),
    ...batchNormSpecification('stem.norm1', stem[0]),
    convolutionSpecification('stem.conv2', stem[1], stem[0], 3),
    ...blocks.flatMap((block) => [
      ...shortcutSpecification(block),
      ...(block.kind === 'convolution' ? invertedResidualSpecification(block) : transformerSpecification(block)),
    ]),
    ...layerNormSpecification('norm', widths[3]),
    ...linearSpecification('head.fc', classes, widths[3]),
  ]
}

function shortcutSpecification({ name, kind, input, output, architecture }: Block): ParameterSpecification[] {
  if (input === output) return []
  const biased = kind === 'attention' && architecture.shortcutBias
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
    convolutionSpecification(`${name}.conv3_1x1`, output, middle, 1),
  ]
}

/** The name of the biases of the offsets between two positions, where the block has them. */
function biasTable({ name }: Block): string {
  return `${name}.attn.rel_pos.relative_position_bias_table`
}

function transformerSpecification(block: Block): ParameterSpecification[] {
  const { name, input, output, halves, side } = block
  return [
    ...layerNormSpecification(halves ? `${name}.norm1.norm` : `${name}.norm1`, input),
    ...pointwiseSpecification(`${name}.attn.qkv`, 3 * input, input),
    decayedSpecification(biasTable(block), [(2 * side - 1) ** 2, input / headWidth]),
    ...pointwiseSpecification(`${name}.attn.proj`, output, input),
    ...layerNormSpecification(`${name}.norm2`, output),
    ...pointwiseSpecification(`${name}.mlp.fc1`, expansion * output, output),
    ...pointwiseSpecification(`${name}.mlp.fc2`, output, expansion * output),
  ]
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
