/**
 * MobileViT (Mehta and Rastegari, "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer",
 * arXiv:2110.02178; Apple's weights, github.com/apple/ml-cvnets, as `apple/mobilevit-small` on the hub). Names, shapes
 * and arithmetic, dropout included, are those of Hugging Face's `MobileViTForImageClassification` (transformers 5.23.0,
 * Apache-2.0). The checkpoint expects blue first and neither mean nor deviation (its `preprocessor_config.json`). A
 * side that cannot be halved five times is resized around attention, as there (224: 7 → 8 → 7).
 */
import { tf, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  dropout,
  globalAveragePool,
  layerNorm,
  linear,
  normalise,
  resizeBilinear,
  silu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { mobileViTFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { Backbone, FamilyModels, InputContract } from '../backbone.ts'
import { publishedModel } from '../published-model.ts'
import {
  batchNormSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
} from '../specifications.ts'
import { projectedAttention, splitHeads } from './transformer.ts'

/** An inverted residual. */
interface InvertedResidual {
  readonly name: string
  readonly input: number
  readonly output: number
  readonly stride: number
}

/**
 * A MobileViT block (arXiv:2110.02178, figure 1b): an inverted residual that halves the side, then `depth` transformer
 * layers of width `hidden`.
 */
interface MobileViTBlock {
  readonly name: string
  readonly downsampling: InvertedResidual
  readonly width: number
  readonly hidden: number
  readonly depth: number
}

const prefix = 'mobilevit.'
const stemWidth = 16
const features = 640
const heads = 4
const batchNormEpsilon = 1e-5
const layerNormEpsilon = 1e-5
const hiddenDropout = 0.1
const classifierDropout = 0.1

/** MobileViT-S: [width in, width out, strides] per stage of inverted residuals (arXiv:2110.02178, table 4). */
const residuals: readonly InvertedResidual[] = (
  [
    [16, 32, [1]],
    [32, 64, [2, 1, 1]],
  ] as const
).flatMap(([input, output, strides], stage) =>
  strides.map((stride, i) => ({
    name: `mobilevit.encoder.layer.${stage}.layer.${i}`,
    input: i > 0 ? output : input,
    output,
    stride,
  })),
)

/** [width in, width, width inside, transformer layers] per MobileViT block. */
const blocks: readonly MobileViTBlock[] = (
  [
    [64, 96, 144, 2],
    [96, 128, 192, 4],
    [128, 160, 240, 3],
  ] as const
).map(([input, width, hidden, depth], i) => {
  const name = `mobilevit.encoder.layer.${i + 2}`
  return {
    name,
    downsampling: { name: `${name}.downsampling_layer`, input, output: width, stride: 2 },
    width,
    hidden,
    depth,
  }
})

export const mobileViTModels: FamilyModels = {
  ids: Object.keys(mobileViTFamily.backbones),
  architectures: [],
  build: mobileViT,
}

/** MobileViT-S by its name in the study, or `undefined` for any other. */
function mobileViT(id: string, contract: InputContract, wanted?: number): Backbone | undefined {
  if (!mobileViTModels.ids.includes(id)) return undefined
  const published = publishedModel(mobileViTFamily, id, contract, wanted)
  return {
    ...published,
    features,
    classifier: 'classifier',
    specifications,
    convertCheckpoint,
    logits: (images, parameters, context) => {
      const pooled = globalAveragePool(featuresOf(normalise(images, published.normalisation), parameters, context))
      return linear<Tensor2D>(dropout(pooled, classifierDropout, context), parameters.at('classifier'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, ⌈side / 32⌉, ⌈side / 32⌉, 640] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  let y = convolution(x, parameters.at('mobilevit.conv_stem'), context, { stride: 2 })
  for (const residual of residuals)
    y = tf.tidy(() => invertedResidual(y, parameters.at(residual.name), residual, context))
  for (const block of blocks) y = tf.tidy(() => mobileViTBlock(y, parameters.at(block.name), block, context))
  return convolution(y, parameters.at('mobilevit.conv_1x1_exp'), context)
}

/**
 * Convolution with padding, batch norm, SiLU. x: [batch, side, side, in]; [batch, ⌈side / stride⌉, ⌈side / stride⌉,
 * out] out.
 */
function convolution(x: Tensor4D, parameters: Parameters, context: ForwardContext, { stride = 1 } = {}): Tensor4D {
  const module = parameters.at('convolution')
  const padding = (module.tensor('weight').shape[0]! - 1) / 2
  return silu(normed(conv2d(x, module, { stride, padding }), parameters, context))
}

function normed(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  return batchNorm(x, parameters.at('normalization'), context, { epsilon: batchNormEpsilon })
}

/**
 * An inverted residual (MobileNetV2, arXiv:1801.04381, fig. 4d) with SiLU. x: [batch, side, side, input]; [batch, ⌈side
 * / stride⌉, ⌈side / stride⌉, output] out.
 */
function invertedResidual(
  x: Tensor4D,
  parameters: Parameters,
  { input, output, stride }: InvertedResidual,
  context: ForwardContext,
): Tensor4D {
  const expanded = convolution(x, parameters.at('expand_1x1'), context)
  const depthwise = parameters.at('conv_3x3')
  const convolved = depthwiseConv2d(expanded, depthwise.at('convolution'), { stride, padding: 1 })
  const mixed = silu(normed(convolved, depthwise, context))
  const reduce = parameters.at('reduce_1x1')
  const reduced = normed(conv2d(mixed, reduce.at('convolution'), { padding: 0 }), reduce, context)
  return stride === 1 && input === output ? reduced.add(x) : reduced
}

/** x: [batch, side, side, width in]; [batch, ⌈side / 2⌉, ⌈side / 2⌉, width] out. */
function mobileViTBlock(x: Tensor4D, parameters: Parameters, block: MobileViTBlock, context: ForwardContext): Tensor4D {
  const residual = invertedResidual(x, parameters.at('downsampling_layer'), block.downsampling, context)
  const local = convolution(residual, parameters.at('conv_kxk'), context)
  const widened = conv2d(local, parameters.at('conv_1x1.convolution'), { padding: 0 })
  const [, height, width] = widened.shape
  const even = resizeBilinear(widened, 2 * Math.ceil(height / 2), 2 * Math.ceil(width / 2))
  let patches = unfold(even)
  for (let i = 0; i < block.depth; i++)
    patches = tf.tidy(() => transformerLayer(patches, parameters.at(`transformer.layer.${i}`), context))
  patches = layerNorm(patches, parameters.at('layernorm'), { epsilon: layerNormEpsilon })
  const folded = resizeBilinear(fold(patches, even.shape), height, width)
  const projected = convolution(folded, parameters.at('conv_projection'), context)
  return convolution(tf.concat([residual, projected], 3), parameters.at('fusion'), context)
}

/**
 * Unfolds an image into four sequences, one for each place in a 2×2 patch, with a token for each patch. x: [batch,
 * height, width, channels]; [4 · batch, patches, channels] out.
 */
export function unfold(x: Tensor4D): Tensor3D {
  const [batch, height, width, channels] = x.shape
  const parts = x.reshape([batch, height / 2, 2, width / 2, 2, channels]).transpose([0, 2, 4, 1, 3, 5])
  return parts.reshape([4 * batch, (height / 2) * (width / 2), channels])
}

/** The inverse of `unfold`. */
export function fold(patches: Tensor3D, shape: Tensor4D['shape']): Tensor4D {
  const [batch, height, width, channels] = shape
  const parts = patches.reshape([batch, 2, 2, height / 2, width / 2, channels]).transpose([0, 3, 1, 4, 2, 5])
  return parts.reshape(shape)
}

/**
 * Transformer layer with norms first, and dropout after both projections. x: [sequences, tokens, hidden]; same shape
 * out.
 */
function transformerLayer(x: Tensor3D, parameters: Parameters, context: ForwardContext): Tensor3D {
  const before = layerNorm(x, parameters.at('layernorm_before'), { epsilon: layerNormEpsilon })
  const mixed = selfAttention(before, parameters.at('attention'))
  const y = x.add<Tensor3D>(dropout(mixed, hiddenDropout, context))
  const after = layerNorm(y, parameters.at('layernorm_after'), { epsilon: layerNormEpsilon })
  const hidden = silu(linear(after, parameters.at('intermediate.dense')))
  return y.add(dropout(linear(hidden, parameters.at('output.dense')), hiddenDropout, context))
}

function selfAttention(x: Tensor3D, parameters: Parameters): Tensor3D {
  const looks = (part: string) => splitHeads(linear(x, parameters.at(`attention.${part}`)), heads)
  return projectedAttention([looks('query'), looks('key'), looks('value')], parameters.at('output.dense'))
}

function specifications(classes: number): ParameterSpecification[] {
  return [
    ...convolutionLayer('mobilevit.conv_stem', stemWidth, 3, 3),
    ...residuals.flatMap(invertedResidualSpecification),
    ...blocks.flatMap(blockSpecification),
    ...convolutionLayer('mobilevit.conv_1x1_exp', features, blocks.at(-1)!.width, 1),
    ...linearSpecification('classifier', classes, features),
  ]
}

/** A convolution without bias, and its batch norm. */
function convolutionLayer(name: string, output: number, input: number, kernel: number): ParameterSpecification[] {
  return [
    convolutionSpecification(`${name}.convolution`, output, input, kernel),
    ...batchNormSpecification(`${name}.normalization`, output),
  ]
}

function invertedResidualSpecification({ name, input, output }: InvertedResidual): ParameterSpecification[] {
  const middle = 4 * input
  return [
    ...convolutionLayer(`${name}.expand_1x1`, middle, input, 1),
    depthwiseSpecification(`${name}.conv_3x3.convolution`, middle, 3),
    ...batchNormSpecification(`${name}.conv_3x3.normalization`, middle),
    ...convolutionLayer(`${name}.reduce_1x1`, output, middle, 1),
  ]
}

function blockSpecification({ name, downsampling, width, hidden, depth }: MobileViTBlock): ParameterSpecification[] {
  const layers = Array.from({ length: depth }, (_, i) => `${name}.transformer.layer.${i}`)
  return [
    ...invertedResidualSpecification(downsampling),
    ...convolutionLayer(`${name}.conv_kxk`, width, width, 3),
    convolutionSpecification(`${name}.conv_1x1.convolution`, hidden, width, 1),
    ...layers.flatMap((layer) => transformerSpecification(layer, hidden)),
    ...layerNormSpecification(`${name}.layernorm`, hidden),
    ...convolutionLayer(`${name}.conv_projection`, width, hidden, 1),
    ...convolutionLayer(`${name}.fusion`, width, 2 * width, 3),
  ]
}

function transformerSpecification(name: string, hidden: number): ParameterSpecification[] {
  return [
    ...['query', 'key', 'value'].flatMap((part) =>
      linearSpecification(`${name}.attention.attention.${part}`, hidden, hidden),
    ),
    ...linearSpecification(`${name}.attention.output.dense`, hidden, hidden),
    ...linearSpecification(`${name}.intermediate.dense`, 2 * hidden, hidden),
    ...linearSpecification(`${name}.output.dense`, hidden, 2 * hidden),
    ...layerNormSpecification(`${name}.layernorm_before`, hidden),
    ...layerNormSpecification(`${name}.layernorm_after`, hidden),
  ]
}

/** Adds the prefix of the model's body to the tensors of a file without a head (`MobileViTModel`). */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.map((array) =>
    /^(conv_stem|encoder|conv_1x1_exp)\./.test(array.name) ? { ...array, name: prefix + array.name } : array,
  )
}
