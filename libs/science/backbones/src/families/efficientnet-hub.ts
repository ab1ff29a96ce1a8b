/**
 * EfficientNet-B0 as it is on the Hugging Face hub (Tan and Le, "EfficientNet", arXiv:1905.11946;
 * `google/efficientnet-b0`, Apache-2.0, converted from Keras). Names, shapes and arithmetic are those of transformers
 * (`EfficientNetForImageClassification`, transformers 5.23.0). These differ from timm's: strided convolutions have
 * zeros at the bottom and right, whatever the side; Keras's momentum of 0.99 is taken as PyTorch's, so that running
 * statistics are nearly those of the last batch; and dropout takes the place of stochastic depth.
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  dropout,
  globalAveragePool,
  linear,
  normalise,
  sigmoid,
  silu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { efficientNetFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { Backbone, FamilyModels, InputContract } from '../backbone.ts'
import { efficientNetStages } from './efficientnet-stages.ts'
import { publishedModel } from '../published-model.ts'
import {
  batchNormSpecification,
  biasSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  linearSpecification,
} from '../specifications.ts'

/** An inverted residual with `middle` channels between `input` and `output`. */
interface Block {
  readonly name: string
  readonly input: number
  readonly middle: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  /** Whether the input is added, and the share of the block's values that training drops before that. */
  readonly residual: boolean
  readonly dropRate: number
}

const stemWidth = 32
const headWidth = 1280
const epsilon = 1e-3
const headDropRate = 0.2
const dropConnectRate = 0.2

const blockCount = efficientNetStages.reduce((sum, [repeats]) => sum + repeats, 0)

const blocks: readonly Block[] = efficientNetStages
  .flatMap(([repeats, kernel, stride, expansion, output], stage) =>
    Array.from({ length: repeats }, (_, i) => {
      const input = i > 0 ? output : (efficientNetStages[stage - 1]?.[4] ?? stemWidth)
      return { input, middle: input * expansion, output, kernel, stride: i > 0 ? 1 : stride, residual: i > 0 }
    }),
  )
  .map((block, i) => ({
    ...block,
    name: `efficientnet.encoder.blocks.${i}`,
    dropRate: (dropConnectRate * i) / blockCount,
  }))

export const efficientNetHubModels: FamilyModels = {
  ids: Object.keys(efficientNetFamily.backbones),
  architectures: [],
  build: efficientNetHub,
}

/**
 * EfficientNet-B0 by the hub's name, or `undefined` for any other. Both input contracts are ImageNet's: the hub's
 * preprocessor divides twice by the deviation [0.4785, 0.4733, 0.4743] (`include_top`), whose squares are ImageNet's.
 */
function efficientNetHub(id: string, contract: InputContract, wanted?: number): Backbone | undefined {
  if (!efficientNetHubModels.ids.includes(id)) return undefined
  const published = publishedModel(efficientNetFamily, id, contract, wanted)
  return {
    ...published,
    features: headWidth,
    classifier: 'classifier',
    specifications,
    convertCheckpoint,
    logits: (images, parameters, context) => {
      const pooled = globalAveragePool(featuresOf(normalise(images, published.normalisation), parameters, context))
      return linear(dropout(pooled, headDropRate, context), parameters.at('classifier'))
    },
  }
}

/** Batch norm with this model's epsilon and momentum. */
function norm(x: Tensor4D, parameters: Parameters, context: ForwardContext, momentum = 0.99): Tensor4D {
  return batchNorm(x, parameters, context, { epsilon, momentum })
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, 1280] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  const embeddings = parameters.at('efficientnet.embeddings')
  const stem = conv2d(x, embeddings.at('convolution'), { stride: 2, padding: stridedPadding(3) })
  let y = silu(norm(stem, embeddings.at('batchnorm'), context))
  for (const block of blocks) y = tf.tidy(() => invertedResidual(y, parameters.at(block.name), block, context))
  const encoder = parameters.at('efficientnet.encoder')
  return silu(norm(conv2d(y, encoder.at('top_conv'), { padding: 0 }), encoder.at('top_bn'), context))
}

/**
 * An inverted residual with squeeze-and-excitation. x: [batch, side, side, input]; [batch, side / stride, side /
 * stride, output] out.
 */
function invertedResidual(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const expanded = isExpanded(block) ? expand(x, parameters.at('expansion'), context) : x
  const excited = squeezeAndExcite(
    depthwise(expanded, parameters.at('depthwise_conv'), block, context),
    parameters.at('squeeze_excite'),
  )
  const projection = parameters.at('projection')
  const y = norm(conv2d(excited, projection.at('project_conv'), { padding: 0 }), projection.at('project_bn'), context)
  return block.residual ? dropout(y, block.dropRate, context).add(x) : y
}

/** The expansion, whose batch norm has PyTorch's momentum, since transformers gives it none. */
function expand(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  return silu(norm(conv2d(x, parameters.at('expand_conv'), { padding: 0 }), parameters.at('expand_bn'), context, 0.1))
}

function depthwise(x: Tensor4D, parameters: Parameters, { kernel, stride }: Block, context: ForwardContext): Tensor4D {
  const padding = stride === 1 ? (kernel - 1) / 2 : stridedPadding(kernel)
  const mixed = depthwiseConv2d(x, parameters.at('depthwise_conv'), { stride, padding })
  return silu(norm(mixed, parameters.at('depthwise_norm'), context))
}

/**
 * One zero fewer at the top and left (transformers `correct_pad`). Where the side is even this is TensorFlow's `SAME`.
 */
function stridedPadding(kernel: number) {
  const more = Math.floor(kernel / 2)
  return { top: more - 1, bottom: more, left: more - 1, right: more }
}

/** Squeeze-and-excitation (arXiv:1709.01507): scales channels by a function of their mean over the image. */
function squeezeAndExcite(x: Tensor4D, parameters: Parameters): Tensor4D {
  const whole = globalAveragePool(x).reshape<Tensor4D>([-1, 1, 1, x.shape[3]])
  const squeezed = silu(conv2d(whole, parameters.at('reduce'), { padding: 0 }))
  return x.mul(sigmoid(conv2d(squeezed, parameters.at('expand'), { padding: 0 })))
}

function isExpanded({ input, middle }: Block): boolean {
  return middle !== input
}

function specifications(classes: number): ParameterSpecification[] {
  return [
    convolutionSpecification('efficientnet.embeddings.convolution', stemWidth, 3, 3),
    ...batchNormSpecification('efficientnet.embeddings.batchnorm', stemWidth),
    ...blocks.flatMap(blockSpecification),
    convolutionSpecification('efficientnet.encoder.top_conv', headWidth, blocks.at(-1)!.output, 1),
    ...batchNormSpecification('efficientnet.encoder.top_bn', headWidth),
    ...linearSpecification('classifier', classes, headWidth),
  ]
}

function blockSpecification(block: Block): ParameterSpecification[] {
  const { input, middle, output, kernel } = block
  const squeezed = Math.floor(input / 4)
  const at = (name: string) => `${block.name}.${name}`
  return [
    ...(isExpanded(block)
      ? [
          convolutionSpecification(at('expansion.expand_conv'), middle, input, 1),
          ...batchNormSpecification(at('expansion.expand_bn'), middle),
        ]
      : []),
    depthwiseSpecification(at('depthwise_conv.depthwise_conv'), middle, kernel),
    ...batchNormSpecification(at('depthwise_conv.depthwise_norm'), middle),
    convolutionSpecification(at('squeeze_excite.reduce'), squeezed, middle, 1),
    biasSpecification(at('squeeze_excite.reduce'), squeezed),
    convolutionSpecification(at('squeeze_excite.expand'), middle, squeezed, 1),
    biasSpecification(at('squeeze_excite.expand'), middle),
    convolutionSpecification(at('projection.project_conv'), output, middle, 1),
    ...batchNormSpecification(at('projection.project_bn'), output),
  ]
}

/**
 * Converts two kinds of checkpoints to transformers' names. One that was saved without a classifier
 * (`EfficientNetModel`) gets the prefix of the body. The study's authors saved their own with the names `hf_model.*`
 * and `head.*` (MaxHeuillet/robust_training, architectures/loaders.py).
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.map((array) => ({
    ...array,
    name: array.name
      .replace(/^(?:hf_model\.)?(?=(?:embeddings|encoder)\.)/, 'efficientnet.')
      .replace(/^head\.(?=weight$|bias$)/, 'classifier.'),
  }))
}
