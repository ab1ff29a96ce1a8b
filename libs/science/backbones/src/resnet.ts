/**
 * ResNet (He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385), with the stride in the 3×3
 * convolution as torchvision has it ("V1.5"). Apache-2.0 weights of timm (recipe A1 of "ResNet strikes back",
 * arXiv:2110.00476). The robust one is the ImageNet L∞ 4/255 model of MadryLab/robustness (MIT). Names, shapes and
 * arithmetic are timm's (`resnet50`, timm 1.0.31).
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  globalAveragePool,
  linear,
  maxPool2d,
  normalise,
  relu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { resNetFamily } from '@gauntlet/study'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { publishedModel } from './published-model.ts'
import { unwrapRobustCheckpoint } from './robust-checkpoint.ts'
import { batchNormSpecification, convolutionSpecification, linearSpecification } from './specifications.ts'

/** A bottleneck: a 1×1 convolution down to `middle` channels, a 3×3, and a 1×1 up to four times as many. */
interface Block {
  readonly name: string
  readonly input: number
  readonly middle: number
  readonly output: number
  readonly stride: number
}

/** The backbone whose checkpoint is inside another module, with its normalisation beside it. */
const wrapped = 'robust_resnet50'

const stemWidth = 64
const features = 2048

/** [blocks, middle channels, stride of the first] per stage (arXiv:1512.03385, table 1, 50 layers). */
const stages = [
  [3, 64, 1],
  [4, 128, 2],
  [6, 256, 2],
  [3, 512, 2],
] as const

const blocks: readonly Block[] = stages.flatMap(([repeats, middle, stride], stage) =>
  Array.from({ length: repeats }, (_, i) => ({
    name: `layer${stage + 1}.${i}`,
    input: i > 0 ? 4 * middle : stage > 0 ? 4 * stages[stage - 1]![1] : stemWidth,
    middle,
    output: 4 * middle,
    stride: i > 0 ? 1 : stride,
  })),
)

export const resNetModels: FamilyModels = { ids: Object.keys(resNetFamily.backbones), build: resNet }

/** A ResNet-50 by its name, or `undefined` if there is none of that name. */
function resNet(id: string, contract: InputContract): Backbone | undefined {
  if (!resNetModels.ids.includes(id)) return undefined
  const { side, ...published } = publishedModel(resNetFamily, id, contract)
  const { normalisation } = published
  return {
    ...published,
    features,
    resolution: { native: side, minimum: 32 },
    classifier: 'fc',
    specifications,
    convertCheckpoint: (arrays) =>
      id === wrapped ? unwrapRobustCheckpoint(arrays, contract === 'none' ? undefined : normalisation) : [...arrays],
    logits: (images, parameters, context) => {
      const x = featuresOf(normalise(images, normalisation), parameters, context)
      return linear(globalAveragePool(x), parameters.at('fc'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, 2048] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  const stem = conv2d(x, parameters.at('conv1'), { stride: 2, padding: 3 })
  let y = maxPool2d(relu(batchNorm(stem, parameters.at('bn1'), context)), { kernel: 3, stride: 2, padding: 1 })
  for (const block of blocks) y = tf.tidy(() => bottleneck(y, parameters.at(block.name), block, context))
  return y
}

/**
 * A bottleneck (arXiv:1512.03385, fig. 5 right). x: [batch, side, side, input]; [batch, side / stride, side / stride,
 * output] out.
 */
function bottleneck(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { stride } = block
  const norm = (y: Tensor4D, name: string) => batchNorm(y, parameters.at(name), context)
  const narrow = relu(norm(conv2d(x, parameters.at('conv1'), { padding: 0 }), 'bn1'))
  const mixed = relu(norm(conv2d(narrow, parameters.at('conv2'), { stride, padding: 1 }), 'bn2'))
  const wide = norm(conv2d(mixed, parameters.at('conv3'), { padding: 0 }), 'bn3')
  const shortcut = changesShape(block)
    ? norm(conv2d(x, parameters.at('downsample.0'), { stride, padding: 0 }), 'downsample.1')
    : x
  return relu(wide.add(shortcut))
}

function changesShape({ input, output, stride }: Block): boolean {
  return stride > 1 || input !== output
}

function specifications(classes: number): ParameterSpecification[] {
  return [
    convolutionSpecification('conv1', stemWidth, 3, 7),
    ...batchNormSpecification('bn1', stemWidth),
    ...blocks.flatMap(blockSpecification),
    ...linearSpecification('fc', classes, features),
  ]
}

function blockSpecification(block: Block): ParameterSpecification[] {
  const { name, input, middle, output } = block
  return [
    convolutionSpecification(`${name}.conv1`, middle, input, 1),
    ...batchNormSpecification(`${name}.bn1`, middle),
    convolutionSpecification(`${name}.conv2`, middle, middle, 3),
    ...batchNormSpecification(`${name}.bn2`, middle),
    convolutionSpecification(`${name}.conv3`, output, middle, 1),
    ...batchNormSpecification(`${name}.bn3`, output),
    ...(changesShape(block)
      ? [
          convolutionSpecification(`${name}.downsample.0`, output, input, 1),
          ...batchNormSpecification(`${name}.downsample.1`, output),
        ]
      : []),
  ]
}
