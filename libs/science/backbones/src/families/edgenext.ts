/**
 * EdgeNeXt (Maaz et al., "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision
 * Applications", arXiv:2206.10589; github.com/mmaaz60/EdgeNeXt, MIT). The `usi` weights: arXiv:2204.03475. Names,
 * shapes and arithmetic are timm's (`edgenext_small`; timm 1.0.31). Attention mixes channels and not tokens, so the
 * model computes with any side from 32 pixels on. Pixels that a stride does not reach are left out, as in PyTorch.
 */
import { tf, type Tensor, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import {
  conv2d,
  depthwiseConv2d,
  gelu,
  globalAveragePool,
  layerNorm,
  linear,
  normalise,
  softmax,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { edgeNeXtFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { downsample, downsampleSpecification } from './downsampling.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import {
  biasSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
  decayedSpecification,
} from '../specifications.ts'
import { mergeHeads, splitQueryKeyValue } from './transformer.ts'

/**
 * A convolution encoder (arXiv:2206.10589, section 3.2) or a split depth-wise transpose attention encoder (section
 * 3.3).
 */
interface Block {
  readonly name: string
  readonly kind: 'convolution' | 'attention'
  readonly width: number
  /** The kernel of the convolution encoder. */
  readonly kernel: number
  /**
   * The widths of the groups of channels that the attention encoder convolves one after the other. The last group is
   * not convolved.
   */
  readonly splits: readonly number[]
  readonly positions: boolean
  /** The heads of the attention encoder. */
  readonly heads: number
}

/** An EdgeNeXt as data (arXiv:2206.10589, table 1): blocks and channels of the four stages, and heads. */
interface Variant {
  readonly depths: readonly [number, number, number, number]
  readonly widths: readonly [number, number, number, number]
  readonly heads: number
}

const variants: Readonly<Record<string, Variant>> = {
  edgenext_xx_small: { depths: [2, 2, 6, 2], widths: [24, 48, 88, 168], heads: 4 },
  edgenext_x_small: { depths: [3, 3, 9, 3], widths: [32, 64, 100, 192], heads: 4 },
  edgenext_small: { depths: [3, 3, 9, 3], widths: [48, 96, 160, 304], heads: 8 },
  edgenext_base: { depths: [3, 3, 9, 3], widths: [80, 160, 288, 584], heads: 8 },
}

/** [attention blocks (the last ones), kernel, groups of channels, positional encoding] per stage. */
const stages = [
  [0, 3, 2, false],
  [1, 5, 2, true],
  [1, 7, 3, false],
  [1, 9, 4, false],
] as const

const epsilon = 1e-6
const expansion = 4
/** The number of sines and cosines per axis of the positional encoding. */
const frequencies = 32

export const edgeNeXtModels = familyModels([edgeNeXtFamily], variants, edgeNeXt)

function edgeNeXt(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const { widths } = variant
  const blocks = widths.map((_, stage) => blocksOf(stage, variant))
  return {
    features: widths[3],
    classifier: 'head.fc',
    head: 'head',
    specifications: (classes) => specifications(classes, widths, blocks),
    convertCheckpoint,
    logits: (images, parameters) => {
      const features = featuresOf(normalise(images, normalisation), parameters, blocks)
      const normed = layerNorm(globalAveragePool(features), parameters.at('head.norm'), { epsilon })
      return linear(normed, parameters.at('head.fc'))
    },
  }
}

function blocksOf(stage: number, { depths, widths, heads }: Variant): Block[] {
  const [attentions, kernel, groups, positions] = stages[stage]!
  const [count, width] = [depths[stage]!, widths[stage]!]
  return Array.from({ length: count }, (_, i) => ({
    name: `stages.${stage}.blocks.${i}`,
    kind: i < count - attentions ? 'convolution' : 'attention',
    width,
    kernel,
    splits: splitsOf(width, groups),
    positions,
    heads,
  }))
}

/** Groups of ⌈width / groups⌉ channels; the last group has the rest (`torch.chunk`). */
function splitsOf(width: number, groups: number): number[] {
  const each = Math.ceil(width / groups)
  return [...Array<number>(groups - 1).fill(each), width - each * (groups - 1)]
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, last width] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, blocks: readonly (readonly Block[])[]): Tensor4D {
  let y = layerNorm(conv2d(x, parameters.at('stem.0'), { stride: 4, padding: 0 }), parameters.at('stem.1'), { epsilon })
  blocks.forEach((stage, i) => {
    if (i > 0) y = downsample(y, parameters.at(`stages.${i}.downsample`))
    for (const block of stage) {
      const encoder = block.kind === 'convolution' ? convolutionEncoder : attentionEncoder
      y = tf.tidy(() => encoder(y, parameters.at(block.name), block))
    }
  })
  return y
}

/** Convolution encoder (arXiv:2206.10589, equation 1). x: [batch, side, side, width]; same shape out. */
function convolutionEncoder(x: Tensor4D, parameters: Parameters, { kernel }: Block): Tensor4D {
  const mixed = depthwiseConv2d(x, parameters.at('conv_dw'), { padding: (kernel - 1) / 2 })
  return x.add(invertedBottleneck(mixed, parameters))
}

/**
 * Split depth-wise transpose attention encoder (arXiv:2206.10589, equations 2 to 4). x: [batch, side, side, width];
 * same shape out. As in the reference, the last residual adds the input, and the attention's own residual reaches only
 * the bottleneck.
 */
function attentionEncoder(x: Tensor4D, parameters: Parameters, block: Block): Tensor4D {
  const [batch, height, width, channels] = x.shape
  let split = splitConvolution(x, parameters, block)
  if (block.positions) split = split.add(positionalEncoding(height, width, parameters.at('pos_embd')))
  const tokens: Tensor3D = split.reshape([batch, height * width, channels])
  const normed = layerNorm(tokens, parameters.at('norm_xca'), { epsilon })
  const mixed = crossCovarianceAttention(normed, parameters.at('xca'), block).mul(parameters.tensor('gamma_xca'))
  return x.add(invertedBottleneck(tokens.add(mixed).reshape(x.shape), parameters))
}

/** Layer norm, expansion, GELU, projection, layer scale. x: [batch, side, side, width]; same shape out. */
function invertedBottleneck(x: Tensor4D, parameters: Parameters): Tensor4D {
  const normed = layerNorm(x, parameters.at('norm'), { epsilon })
  const hidden = gelu(linear(normed, parameters.at('mlp.fc1')))
  return linear(hidden, parameters.at('mlp.fc2')).mul(parameters.tensor('gamma'))
}

/**
 * Convolves each group of channels after the result of the group before was added to it (Res2Net, arXiv:1904.01169,
 * equation 1).
 */
function splitConvolution(x: Tensor4D, parameters: Parameters, { splits }: Block): Tensor4D {
  const groups = tf.split(x, [...splits], 3) as Tensor4D[]
  const outputs: Tensor4D[] = []
  groups.slice(0, -1).forEach((group, i) => {
    const input = i > 0 ? group.add<Tensor4D>(outputs[i - 1]!) : group
    outputs.push(depthwiseConv2d(input, parameters.at(`convs.${i}`), { padding: 1 }))
  })
  return tf.concat([...outputs, groups.at(-1)!], 3)
}

/**
 * Cross-covariance attention (XCiT, arXiv:2106.09681, equation 2). x: [batch, tokens, width]; same shape out. The score
 * of two channels is the cosine of their values over all tokens. The products are divided by the lengths, which gives
 * the same as dividing each value and reads less memory.
 */
function crossCovarianceAttention(x: Tensor3D, parameters: Parameters, { heads }: Block): Tensor3D {
  const [query, key, value] = splitQueryKeyValue(linear(x, parameters.at('qkv')), heads)
  const products = tf.matMul(query, key, true)
  const cosines = products.mul(inverseLengths(query).transpose([0, 1, 3, 2])).mul(inverseLengths(key))
  // [batch, heads, width / heads, width / heads]
  const weights = softmax(cosines.mul<Tensor4D>(parameters.tensor('temperature')))
  return linear(mergeHeads(tf.matMul(value, weights, false, true)), parameters.at('proj'))
}

/**
 * 1 / length of each channel over all tokens, with the floor of `torch.nn.functional.normalize`, 1e-12. [..., tokens,
 * channels]; [..., 1, channels] out.
 */
function inverseLengths(x: Tensor): Tensor {
  return x.square().sum(2, true).maximum(1e-24).rsqrt()
}

/** Sines and cosines of both coordinates, projected to the width of the tokens. [1, height, width, channels] out. */
function positionalEncoding(height: number, width: number, parameters: Parameters): Tensor4D {
  const encoding = tf.tensor4d(fourierFeatures(height, width), [1, height, width, 2 * frequencies])
  return conv2d(encoding, parameters.at('token_projection'), { padding: 0 })
}

const knownFeatures = new Map<string, Float32Array>()

/**
 * Row and column, counted from 1, as angles up to 2π, divided by the temperatures 10,000^(2⌊i/2⌋/32): the sine at even
 * i and the cosine at odd i, rows first (the encoding of "Attention is all you need" in two dimensions, as timm's
 * `PositionalEncodingFourier`). [height × width × 64].
 */
function fourierFeatures(height: number, width: number): Float32Array {
  const known = knownFeatures.get(`${height}×${width}`)
  if (known) return known
  const features = new Float32Array(height * width * 2 * frequencies)
  const angle = (place: number, size: number) => ((place + 1) / (size + 1e-6)) * 2 * Math.PI
  for (let at = 0; at < height * width; at++) {
    const angles = [angle(Math.floor(at / width), height), angle(at % width, width)]
    angles.forEach((value, axis) => {
      for (let i = 0; i < frequencies; i++) {
        const phase = value / Math.exp(((2 * Math.floor(i / 2)) / frequencies) * Math.log(10_000))
        features[(at * 2 + axis) * frequencies + i] = i % 2 === 0 ? Math.sin(phase) : Math.cos(phase)
      }
    })
  }
  knownFeatures.set(`${height}×${width}`, features)
  return features
}

function specifications(
  classes: number,
  widths: Variant['widths'],
  blocks: readonly (readonly Block[])[],
): ParameterSpecification[] {
  return [
    convolutionSpecification('stem.0', widths[0], 3, 4),
    biasSpecification('stem.0', widths[0]),
    ...layerNormSpecification('stem.1', widths[0]),
    ...blocks.flatMap((stage, i) => [
      ...(i > 0 ? downsampleSpecification(`stages.${i}.downsample`, widths[i - 1]!, widths[i]!) : []),
      ...stage.flatMap(blockSpecification),
    ]),
    ...layerNormSpecification('head.norm', widths[3]),
    ...linearSpecification('head.fc', classes, widths[3]),
  ]
}

function blockSpecification(block: Block): ParameterSpecification[] {
  const { name, width } = block
  return [
    ...(block.kind === 'attention' ? attentionSpecification(block) : convolutionEncoderSpecification(block)),
    ...layerNormSpecification(`${name}.norm`, width),
    ...linearSpecification(`${name}.mlp.fc1`, expansion * width, width),
    ...linearSpecification(`${name}.mlp.fc2`, width, expansion * width),
  ]
}

function convolutionEncoderSpecification({ name, width, kernel }: Block): ParameterSpecification[] {
  return [
    decayedSpecification(`${name}.gamma`, [width]),
    depthwiseSpecification(`${name}.conv_dw`, width, kernel),
    biasSpecification(`${name}.conv_dw`, width),
  ]
}

function attentionSpecification({ name, width, splits, positions, heads }: Block): ParameterSpecification[] {
  const projection = `${name}.pos_embd.token_projection`
  return [
    decayedSpecification(`${name}.gamma_xca`, [width]),
    decayedSpecification(`${name}.gamma`, [width]),
    ...splits.slice(0, -1).flatMap((split, i) => {
      const convolution = `${name}.convs.${i}`
      return [depthwiseSpecification(convolution, split, 3), biasSpecification(convolution, split)]
    }),
    ...(positions
      ? [convolutionSpecification(projection, width, 2 * frequencies, 1), biasSpecification(projection, width)]
      : []),
    ...layerNormSpecification(`${name}.norm_xca`, width),
    decayedSpecification(`${name}.xca.temperature`, [heads, 1, 1]),
    ...linearSpecification(`${name}.xca.qkv`, 3 * width, width),
    ...linearSpecification(`${name}.xca.proj`, width, width),
  ]
}

/**
 * Renames the tensors of the authors' own checkpoints (`stages.1.2.pwconv1.weight`), as timm's filter does. A file that
 * has timm's name for the head's norm stays as it is.
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  if (arrays.some(({ name }) => name === 'head.norm.weight')) return [...arrays]
  return arrays.map((array) => ({ ...array, name: timmName(array.name) }))
}

function timmName(name: string): string {
  return name
    .replace(/^downsample_layers\.0\./, 'stem.')
    .replace(/^downsample_layers\.(\d+)\.(\d+)/, 'stages.$1.downsample.$2')
    .replace(/^stages\.(\d+)\.(\d+)/, 'stages.$1.blocks.$2')
    .replace('dwconv', 'conv_dw')
    .replace('pwconv', 'mlp.fc')
    .replace(/^head\./, 'head.fc.')
    .replace(/^norm\./, 'head.norm.')
}
