/**
 * MobileNetV3 (Howard et al., "Searching for MobileNetV3", arXiv:1905.02244). Apache-2.0 weights of timm. Names, shapes
 * and arithmetic are timm's (`mobilenetv3_large_100`, timm 1.0.31). Its head pools before its last convolution and has
 * no norm.
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  linear,
  normalise,
  relu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { mobileNetV3Family } from '@gauntlet/study'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import {
  invertedResidualNames,
  invertedResidualSpecification,
  type InvertedResidualShape,
} from './inverted-residual.ts'
import { publishedModel } from './published-model.ts'
import {
  batchNormSpecification,
  biasSpecification,
  convolutionSpecification,
  linearSpecification,
} from './specifications.ts'

type Activation = 'relu' | 'hard-swish'

interface Block extends InvertedResidualShape {
  readonly stride: number
  readonly activation: Activation
  /** Channels of the squeeze-and-excitation, or 0 where there is none. */
  readonly squeezed: number
}

const stemWidth = 16
const lastWidth = 960
const headWidth = 1280

/**
 * [stage, kernel, stride, expansion, channels, squeeze-and-excitation, activation] per block (arXiv:1905.02244, table
 * 1).
 */
const rows = [
  [0, 3, 1, 1, 16, false, 'relu'],
  [1, 3, 2, 4, 24, false, 'relu'],
  [1, 3, 1, 3, 24, false, 'relu'],
  [2, 5, 2, 3, 40, true, 'relu'],
  [2, 5, 1, 3, 40, true, 'relu'],
  [2, 5, 1, 3, 40, true, 'relu'],
  [3, 3, 2, 6, 80, false, 'hard-swish'],
  [3, 3, 1, 2.5, 80, false, 'hard-swish'],
  [3, 3, 1, 2.3, 80, false, 'hard-swish'],
  [3, 3, 1, 2.3, 80, false, 'hard-swish'],
  [4, 3, 1, 6, 112, true, 'hard-swish'],
  [4, 3, 1, 6, 112, true, 'hard-swish'],
  [5, 5, 2, 6, 160, true, 'hard-swish'],
  [5, 5, 1, 6, 160, true, 'hard-swish'],
  [5, 5, 1, 6, 160, true, 'hard-swish'],
] as const

const blocks: readonly Block[] = rows.map(([stage, kernel, stride, expansion, output, excited, activation], i) => {
  const input = rows[i - 1]?.[4] ?? stemWidth
  const middle = makeDivisible(input * expansion)
  const name = `blocks.${stage}.${rows.slice(0, i).filter((row) => row[0] === stage).length}`
  return { name, input, middle, output, kernel, stride, activation, squeezed: excited ? makeDivisible(middle / 4) : 0 }
})

/** The nearest multiple of 8, but not more than a tenth below (timm `make_divisible`). */
function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8)
  return nearest < 0.9 * channels ? nearest + 8 : nearest
}

export const mobileNetV3Models: FamilyModels = { ids: Object.keys(mobileNetV3Family.backbones), build: mobileNetV3 }

/** A MobileNetV3 by timm's name, or `undefined` if there is none of that name; both input contracts are ImageNet's. */
function mobileNetV3(id: string, contract: InputContract): Backbone | undefined {
  if (!mobileNetV3Models.ids.includes(id)) return undefined
  const { side, ...published } = publishedModel(mobileNetV3Family, id, contract)
  return {
    ...published,
    features: headWidth,
    resolution: { native: side, minimum: 32 },
    classifier: 'classifier',
    specifications,
    convertCheckpoint: (arrays) => [...arrays],
    logits: (images, parameters, context) => {
      const pooled = globalAveragePool(featuresOf(normalise(images, published.normalisation), parameters, context))
      const head = hardSwish(conv2d(onePixel(pooled), parameters.at('conv_head'), { padding: 0 }))
      return linear(head.reshape<typeof pooled>([-1, headWidth]), parameters.at('classifier'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, 960] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  const stem = conv2d(x, parameters.at('conv_stem'), { stride: 2, padding: 1 })
  let y = hardSwish(batchNorm(stem, parameters.at('bn1'), context))
  for (const block of blocks) y = tf.tidy(() => invertedResidual(y, parameters.at(block.name), block, context))
  const last = parameters.at('blocks.6.0')
  return hardSwish(batchNorm(conv2d(y, last.at('conv'), { padding: 0 }), last.at('bn1'), context))
}

/**
 * An inverted residual (arXiv:1905.02244, fig. 4). x: [batch, side, side, input]; [batch, side / stride, side / stride,
 * output] out.
 */
function invertedResidual(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { kernel, stride, input, output, squeezed } = block
  const names = invertedResidualNames(block)
  const activated = block.activation === 'relu' ? relu<Tensor4D> : hardSwish<Tensor4D>
  const norm = (y: Tensor4D, name: string) => batchNorm(y, parameters.at(name), context)
  let y = x
  if (names.expand) y = activated(norm(conv2d(y, parameters.at(names.expand), { padding: 0 }), 'bn1'))
  y = depthwiseConv2d(y, parameters.at('conv_dw'), { stride, padding: (kernel - 1) / 2 })
  y = activated(norm(y, names.depthwiseNorm))
  if (squeezed > 0) y = squeezeAndExcite(y, parameters.at('se'))
  y = norm(conv2d(y, parameters.at(names.project), { padding: 0 }), names.projectNorm)
  return stride === 1 && input === output ? y.add(x) : y
}

/** Squeeze-and-excitation (arXiv:1709.01507), with MobileNetV3's hard sigmoid as the gate. */
function squeezeAndExcite(x: Tensor4D, parameters: Parameters): Tensor4D {
  const squeezed = relu(conv2d(onePixel(globalAveragePool(x)), parameters.at('conv_reduce'), { padding: 0 }))
  return x.mul(hardSigmoid(conv2d(squeezed, parameters.at('conv_expand'), { padding: 0 })))
}

/** x: [batch, channels]; [batch, 1, 1, channels] out. */
function onePixel(x: ReturnType<typeof globalAveragePool>): Tensor4D {
  return x.reshape([-1, 1, 1, x.shape[1]])
}

function specifications(classes: number): ParameterSpecification[] {
  return [
    convolutionSpecification('conv_stem', stemWidth, 3, 3),
    ...batchNormSpecification('bn1', stemWidth),
    ...blocks.flatMap(blockSpecification),
    convolutionSpecification('blocks.6.0.conv', lastWidth, blocks.at(-1)!.output, 1),
    ...batchNormSpecification('blocks.6.0.bn1', lastWidth),
    ...biasedSpecification('conv_head', headWidth, lastWidth),
    ...linearSpecification('classifier', classes, headWidth),
  ]
}

function blockSpecification(block: Block): ParameterSpecification[] {
  const { name, middle, squeezed } = block
  if (squeezed === 0) return invertedResidualSpecification(block)
  return invertedResidualSpecification(block, [
    ...biasedSpecification(`${name}.se.conv_reduce`, squeezed, middle),
    ...biasedSpecification(`${name}.se.conv_expand`, middle, squeezed),
  ])
}

/** A 1×1 convolution with bias. */
function biasedSpecification(name: string, output: number, input: number): ParameterSpecification[] {
  return [convolutionSpecification(name, output, input, 1), biasSpecification(name, output)]
}
