/**
 * MobileNetV3 (Howard et al., "Searching for MobileNetV3", arXiv:1905.02244). Apache-2.0 weights of timm. Names, shapes
 * and arithmetic are timm's (`mobilenetv3.py`, timm 1.0.31). Its head pools before its last convolution and has
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

type Activation = 'relu' | 'hard-swish'

interface Block extends InvertedResidualShape {
  readonly stride: number
  readonly activation: Activation
  /** Channels of the squeeze-and-excitation, or 0 where there is none. */
  readonly squeezed: number
}

/** [stage, kernel, stride, expansion, channels, squeeze-and-excitation, activation] of a block. */
type Row = readonly [number, number, number, number, number, boolean, Activation]

/** MobileNetV3-Large (arXiv:1905.02244, table 1). */
const large: readonly Row[] = [
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
]

/** MobileNetV3-Small (arXiv:1905.02244, table 2). */
const small: readonly Row[] = [
  [0, 3, 2, 1, 16, true, 'relu'],
  [1, 3, 2, 4.5, 24, false, 'relu'],
  [1, 3, 1, 3.67, 24, false, 'relu'],
  [2, 5, 2, 4, 40, true, 'hard-swish'],
  [2, 5, 1, 6, 40, true, 'hard-swish'],
  [2, 5, 1, 6, 40, true, 'hard-swish'],
  [3, 5, 1, 3, 48, true, 'hard-swish'],
  [3, 5, 1, 3, 48, true, 'hard-swish'],
  [4, 5, 2, 6, 96, true, 'hard-swish'],
  [4, 5, 1, 6, 96, true, 'hard-swish'],
  [4, 5, 1, 6, 96, true, 'hard-swish'],
]

/** A MobileNetV3 as data: its blocks, and the factor of all widths but the head's. */
interface Variant {
  readonly rows: readonly Row[]
  readonly width: number
}

const variants: Readonly<Record<string, Variant>> = {
  mobilenetv3_large_100: { rows: large, width: 1 },
  mobilenetv3_large_075: { rows: large, width: 0.75 },
  mobilenetv3_small_100: { rows: small, width: 1 },
  mobilenetv3_small_075: { rows: small, width: 0.75 },
  mobilenetv3_small_050: { rows: small, width: 0.5 },
}

interface Architecture {
  readonly stemWidth: number
  readonly blocks: readonly Block[]
  /** The last convolution of the body, whose channels are pooled: its name and width. */
  readonly last: { readonly name: string; readonly width: number }
  readonly headWidth: number
}

/** The stem of the narrowest keeps its width, as in timm (`fix_stem`). */
function architectureOf({ rows, width }: Variant): Architecture {
  const stemWidth = width < 0.75 ? 16 : makeDivisible(16 * width)
  const widths = rows.map(([, , , , channels]) => makeDivisible(channels * width))
  const blocks = rows.map(([stage, kernel, stride, expansion, , excited, activation], i): Block => {
    const input = widths[i - 1] ?? stemWidth
    const middle = makeDivisible(input * expansion)
    const name = `blocks.${stage}.${rows.slice(0, i).filter((row) => row[0] === stage).length}`
    const squeezed = excited ? makeDivisible(middle / 4) : 0
    return { name, input, middle, output: widths[i]!, kernel, stride, activation, squeezed }
  })
  const [lastWidth, headWidth] = rows === large ? [960, 1280] : [576, 1024]
  const last = { name: `blocks.${rows.at(-1)![0] + 1}.0`, width: makeDivisible(lastWidth * width) }
  return { stemWidth, blocks, last, headWidth }
}

/** The nearest multiple of 8, but not more than a tenth below (timm `make_divisible`). */
function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8)
  return nearest < 0.9 * channels ? nearest + 8 : nearest
}

export const mobileNetV3Models = familyModels([mobileNetV3Family], variants, mobileNetV3)

function mobileNetV3(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const architecture = architectureOf(variant)
  const { headWidth } = architecture
  return {
    features: headWidth,
    classifier: 'classifier',
    specifications: (classes) => specifications(classes, architecture),
    convertCheckpoint: (arrays) => [...arrays],
    logits: (images, parameters, context) => {
      const x = featuresOf(normalise(images, normalisation), parameters, architecture, context)
      const pooled = globalAveragePool(x)
      const head = hardSwish(conv2d(onePixel(pooled), parameters.at('conv_head'), { padding: 0 }))
      return linear(head.reshape<typeof pooled>([-1, headWidth]), parameters.at('classifier'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, last width] out. */
function featuresOf(
  x: Tensor4D,
  parameters: Parameters,
  { blocks, last: { name } }: Architecture,
  context: ForwardContext,
): Tensor4D {
  const stem = conv2d(x, parameters.at('conv_stem'), { stride: 2, padding: 1 })
  let y = hardSwish(batchNorm(stem, parameters.at('bn1'), context))
  for (const block of blocks) y = tf.tidy(() => invertedResidual(y, parameters.at(block.name), block, context))
  const last = parameters.at(name)
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

function specifications(classes: number, architecture: Architecture): ParameterSpecification[] {
  const { stemWidth, blocks, last, headWidth } = architecture
  return [
    convolutionSpecification('conv_stem', stemWidth, 3, 3),
    ...batchNormSpecification('bn1', stemWidth),
    ...blocks.flatMap(blockSpecification),
    convolutionSpecification(`${last.name}.conv`, last.width, blocks.at(-1)!.output, 1),
    ...batchNormSpecification(`${last.name}.bn1`, last.width),
    ...biasedSpecification('conv_head', headWidth, last.width),
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
