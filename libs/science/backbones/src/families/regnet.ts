/**
 * RegNetX and RegNetY (Radosavovic et al., "Designing Network Design Spaces", arXiv:2003.13678). MIT
 * (facebookresearch/pycls). Names, shapes and arithmetic are timm's (`regnet.py`, timm 1.0.31).
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  globalAveragePool,
  linear,
  normalise,
  relu,
  sigmoid,
  type ConvolutionOptions,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { regNetFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import {
  batchNormSpecification,
  biasSpecification,
  convolutionSpecification,
  linearSpecification,
} from '../specifications.ts'

/** A RegNet as data: the quantised linear of arXiv:2003.13678, equations 2 to 4, and what its blocks are made of. */
interface Variant {
  readonly initialWidth: number
  readonly slope: number
  readonly multiplier: number
  readonly depth: number
  readonly groupWidth: number
  /** RegNetY has squeeze-and-excitation, with a quarter of the block's input channels. */
  readonly excited?: true
}

const regNetX = (initialWidth: number, slope: number, multiplier: number, groupWidth: number, depth: number) =>
  ({ initialWidth, slope, multiplier, groupWidth, depth }) as const
const regNetY = (initialWidth: number, slope: number, multiplier: number, groupWidth: number, depth: number) =>
  ({ initialWidth, slope, multiplier, groupWidth, depth, excited: true }) as const

const variants: Readonly<Record<string, Variant>> = {
  regnetx_002: regNetX(24, 36.44, 2.49, 8, 13),
  regnetx_004: regNetX(24, 24.48, 2.54, 16, 22),
  regnetx_006: regNetX(48, 36.97, 2.24, 24, 16),
  regnetx_008: regNetX(56, 35.73, 2.28, 16, 16),
  regnetx_016: regNetX(80, 34.01, 2.25, 24, 18),
  regnetx_032: regNetX(88, 26.31, 2.25, 48, 25),
  regnetx_040: regNetX(96, 38.65, 2.43, 40, 23),
  regnetx_064: regNetX(184, 60.83, 2.07, 56, 17),
  regnetx_080: regNetX(80, 49.56, 2.88, 120, 23),
  regnetx_120: regNetX(168, 73.36, 2.37, 112, 19),
  regnetx_160: regNetX(216, 55.59, 2.1, 128, 22),
  regnetx_320: regNetX(320, 69.86, 2.0, 168, 23),
  regnety_002: regNetY(24, 36.44, 2.49, 8, 13),
  regnety_004: regNetY(48, 27.89, 2.09, 8, 16),
  regnety_006: regNetY(48, 32.54, 2.32, 16, 15),
  regnety_008: regNetY(56, 38.84, 2.4, 16, 14),
  regnety_016: regNetY(48, 20.71, 2.65, 24, 27),
  regnety_032: regNetY(80, 42.63, 2.66, 24, 21),
  regnety_040: regNetY(96, 31.41, 2.24, 64, 22),
  regnety_064: regNetY(112, 33.22, 2.27, 72, 25),
  regnety_080: regNetY(192, 76.82, 2.19, 56, 17),
  regnety_120: regNetY(168, 73.36, 2.37, 112, 19),
  regnety_160: regNetY(200, 106.23, 2.48, 112, 18),
  regnety_320: regNetY(232, 115.89, 2.53, 232, 20),
}

/** A residual block without a bottleneck: a 1×1, a grouped 3×3 and a 1×1 convolution, all of `output` channels. */
interface Block {
  readonly name: string
  readonly input: number
  readonly output: number
  readonly stride: number
  readonly groupWidth: number
  /** Channels of the squeeze-and-excitation, or 0 where there is none. */
  readonly squeezed: number
}

const stemWidth = 32

/**
 * [blocks, channels] per stage: widths in steps of 8 (arXiv:2003.13678, equations 2 to 4), then rounded to whole groups
 * (timm `generate_regnet`, `adjust_widths_groups_comp`).
 */
function stagesOf({ initialWidth, slope, multiplier, depth }: Variant): [blocks: number, width: number][] {
  const stages: [number, number][] = []
  for (let i = 0; i < depth; i++) {
    const exponent = toEven(Math.log((i * slope + initialWidth) / initialWidth) / Math.log(multiplier))
    const width = toEven((initialWidth * powerOf(multiplier, exponent)) / 8) * 8
    const last = stages.at(-1)
    if (last?.[1] === width) last[0]++
    else stages.push([1, width])
  }
  return stages
}

/** A power by products, whose bits are the same in every Node (decision 0021). */
function powerOf(base: number, exponent: number): number {
  let power = 1
  for (let i = 0; i < exponent; i++) power *= base
  return power
}

/** Rounds halves to even, as PyTorch and Python do. */
function toEven(x: number): number {
  const nearest = Math.round(x)
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest
}

function blocksOf(variant: Variant): Block[] {
  const blocks: Block[] = []
  stagesOf(variant).forEach(([repeats, width], stage) => {
    const groupWidth = Math.min(variant.groupWidth, width)
    const output = toEven(width / groupWidth) * groupWidth
    for (let i = 0; i < repeats; i++) {
      const input = blocks.at(-1)?.output ?? stemWidth
      const squeezed = variant.excited ? toEven(input / 4) : 0
      blocks.push({ name: `s${stage + 1}.b${i + 1}`, input, output, stride: i > 0 ? 1 : 2, groupWidth, squeezed })
    }
  })
  return blocks
}

export const regNetModels = familyModels([regNetFamily], variants, regNet)

function regNet(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const blocks = blocksOf(variant)
  const features = blocks.at(-1)!.output
  return {
    features,
    classifier: 'head.fc',
    specifications: (classes) => [
      ...layerSpecification('stem', stemWidth, 3, 3),
      ...blocks.flatMap(blockSpecification),
      ...linearSpecification('head.fc', classes, features),
    ],
    convertCheckpoint,
    logits: (images, parameters, context) => {
      const x = featuresOf(normalise(images, normalisation), parameters, blocks, context)
      return linear(globalAveragePool(x), parameters.at('head.fc'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, last width] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, blocks: readonly Block[], context: ForwardContext): Tensor4D {
  let y = relu(convolutionAndNorm(x, parameters.at('stem'), context, { stride: 2, padding: 1 }))
  for (const block of blocks) y = tf.tidy(() => bottleneck(y, parameters.at(block.name), block, context))
  return y
}

/**
 * A residual block (arXiv:2003.13678, fig. 3). x: [batch, side, side, input]; [batch, side / stride, side / stride,
 * output] out.
 */
function bottleneck(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { stride, output, groupWidth, squeezed } = block
  const layer = (y: Tensor4D, name: string, options: ConvolutionOptions) =>
    convolutionAndNorm(y, parameters.at(name), context, options)
  const first = relu(layer(x, 'conv1', { padding: 0 }))
  const mixed = relu(layer(first, 'conv2', { stride, padding: 1, groups: output / groupWidth }))
  const last = layer(squeezed > 0 ? excited(mixed, parameters.at('se')) : mixed, 'conv3', { padding: 0 })
  return relu(last.add(changesShape(block) ? layer(x, 'downsample', { stride, padding: 0 }) : x))
}

/** timm's `ConvNormAct` before its activation. */
function convolutionAndNorm(
  x: Tensor4D,
  parameters: Parameters,
  context: ForwardContext,
  options: ConvolutionOptions,
): Tensor4D {
  return batchNorm(conv2d(x, parameters.at('conv'), options), parameters.at('bn'), context)
}

function changesShape({ input, output, stride }: Block): boolean {
  return stride > 1 || input !== output
}

/** Squeeze-and-excitation (arXiv:1709.01507, section 3). x: [batch, side, side, channels]; same shape out. */
function excited(x: Tensor4D, parameters: Parameters): Tensor4D {
  const squeezed = relu(conv2d(tf.mean<Tensor4D>(x, [1, 2], true), parameters.at('fc1'), { padding: 0 }))
  return x.mul(sigmoid(conv2d(squeezed, parameters.at('fc2'), { padding: 0 })))
}

function blockSpecification(block: Block): ParameterSpecification[] {
  const { name, input, output, groupWidth, squeezed } = block
  return [
    ...layerSpecification(`${name}.conv1`, output, input, 1),
    ...layerSpecification(`${name}.conv2`, output, groupWidth, 3),
    ...(squeezed > 0
      ? [
          ...biasedSpecification(`${name}.se.fc1`, squeezed, output),
          ...biasedSpecification(`${name}.se.fc2`, output, squeezed),
        ]
      : []),
    ...layerSpecification(`${name}.conv3`, output, output, 1),
    ...(changesShape(block) ? layerSpecification(`${name}.downsample`, output, input, 1) : []),
  ]
}

/** A 1×1 convolution with bias. */
function biasedSpecification(name: string, output: number, input: number): ParameterSpecification[] {
  return [convolutionSpecification(name, output, input, 1), biasSpecification(name, output)]
}

/** `input`: the channels that one output channel reads. */
function layerSpecification(name: string, output: number, input: number, kernel: number): ParameterSpecification[] {
  return [
    convolutionSpecification(`${name}.conv`, output, input, kernel),
    ...batchNormSpecification(`${name}.bn`, output),
  ]
}

/** The names of pycls's modules and timm's, longest first (timm `regnet._filter_fn`). */
const renamed: readonly (readonly [RegExp, string])[] = [
  [/^(s\d+\.b\d+)\.f\.a\./, '$1.conv1.conv.'],
  [/^(s\d+\.b\d+)\.f\.a_bn\./, '$1.conv1.bn.'],
  [/^(s\d+\.b\d+)\.f\.b\./, '$1.conv2.conv.'],
  [/^(s\d+\.b\d+)\.f\.b_bn\./, '$1.conv2.bn.'],
  [/^(s\d+\.b\d+)\.f\.c\./, '$1.conv3.conv.'],
  [/^(s\d+\.b\d+)\.f\.(?:c_bn|final_bn)\./, '$1.conv3.bn.'],
  [/^(s\d+\.b\d+)\.f\.se\.f_ex\.0\./, '$1.se.fc1.'],
  [/^(s\d+\.b\d+)\.f\.se\.f_ex\.2\./, '$1.se.fc2.'],
  [/^(s\d+\.b\d+)\.proj\./, '$1.downsample.conv.'],
  [/^(s\d+\.b\d+)\.bn\./, '$1.downsample.bn.'],
]

function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.map((array) => ({
    ...array,
    name: renamed.reduce((name, [theirs, ours]) => name.replace(theirs, ours), array.name),
  }))
}
