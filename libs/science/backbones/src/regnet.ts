/**
 * RegNetX (Radosavovic et al., "Designing Network Design Spaces", arXiv:2003.13678). MIT (facebookresearch/pycls).
 * Names, shapes and arithmetic are timm's (`regnetx_004`, timm 1.0.31).
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  globalAveragePool,
  linear,
  normalise,
  relu,
  type ConvolutionOptions,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { regNetFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { publishedModel } from './published-model.ts'
import { batchNormSpecification, convolutionSpecification, linearSpecification } from './specifications.ts'

/** A residual block without a bottleneck: a 1×1, a grouped 3×3 and a 1×1 convolution, all of `output` channels. */
interface Block {
  readonly name: string
  readonly input: number
  readonly output: number
  readonly stride: number
}

const stemWidth = 32
/** The channels of a group. */
const groupWidth = 16

/**
 * [blocks, channels] per stage of RegNetX-400MF. They follow from w0 = 24, wa = 24.48, wm = 2.54 and depth 22 by
 * equations 2 to 4 of the paper and its rounding to whole groups of 16 (timm `generate_regnet`,
 * `adjust_widths_groups_comp`).
 */
const stages = [
  [1, 32],
  [2, 64],
  [7, 160],
  [12, 384],
] as const

const features = 384

const blocks: readonly Block[] = stages.flatMap(([repeats, output], stage) =>
  Array.from({ length: repeats }, (_, i) => ({
    name: `s${stage + 1}.b${i + 1}`,
    input: i > 0 ? output : (stages[stage - 1]?.[1] ?? stemWidth),
    output,
    stride: i > 0 ? 1 : 2,
  })),
)

export const regNetModels: FamilyModels = { ids: Object.keys(regNetFamily.backbones), build: regNet }

/** A RegNet by timm's name, or `undefined` if there is none of that name; both input contracts are ImageNet's. */
function regNet(id: string, contract: InputContract): Backbone | undefined {
  if (!regNetModels.ids.includes(id)) return undefined
  const { side, ...published } = publishedModel(regNetFamily, id, contract)
  return {
    ...published,
    features,
    resolution: { native: side, minimum: 32 },
    classifier: 'head.fc',
    specifications,
    convertCheckpoint,
    logits: (images, parameters, context) => {
      const x = featuresOf(normalise(images, published.normalisation), parameters, context)
      return linear(globalAveragePool(x), parameters.at('head.fc'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, 384] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  let y = relu(convolutionAndNorm(x, parameters.at('stem'), context, { stride: 2, padding: 1 }))
  for (const block of blocks) y = tf.tidy(() => bottleneck(y, parameters.at(block.name), block, context))
  return y
}

/**
 * A residual block (arXiv:2003.13678, fig. 3). x: [batch, side, side, input]; [batch, side / stride, side / stride,
 * output] out.
 */
function bottleneck(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { stride, output } = block
  const layer = (y: Tensor4D, name: string, options: ConvolutionOptions) =>
    convolutionAndNorm(y, parameters.at(name), context, options)
  const first = relu(layer(x, 'conv1', { padding: 0 }))
  const mixed = relu(layer(first, 'conv2', { stride, padding: 1, groups: output / groupWidth }))
  const last = layer(mixed, 'conv3', { padding: 0 })
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

function specifications(classes: number): ParameterSpecification[] {
  return [
    ...layerSpecification('stem', stemWidth, 3, 3),
    ...blocks.flatMap(blockSpecification),
    ...linearSpecification('head.fc', classes, features),
  ]
}

function blockSpecification(block: Block): ParameterSpecification[] {
  const { name, input, output } = block
  return [
    ...layerSpecification(`${name}.conv1`, output, input, 1),
    ...layerSpecification(`${name}.conv2`, output, groupWidth, 3),
    ...layerSpecification(`${name}.conv3`, output, output, 1),
    ...(changesShape(block) ? layerSpecification(`${name}.downsample`, output, input, 1) : []),
  ]
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
  [/^(s\d+\.b\d+)\.proj\./, '$1.downsample.conv.'],
  [/^(s\d+\.b\d+)\.bn\./, '$1.downsample.bn.'],
]

function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.map((array) => ({
    ...array,
    name: renamed.reduce((name, [theirs, ours]) => name.replace(theirs, ours), array.name),
  }))
}
