/**
 * ResNet (He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385), with the stride of a bottleneck
 * in its 3×3 convolution as in PyTorch; Wide ResNet (arXiv:1605.07146), whose bottlenecks are wider inside; and ResNeXt
 * (arXiv:1611.05431), whose 3×3 convolutions have groups. timm's `a1` weights: arXiv:2110.00476, Apache-2.0;
 * torchvision's: BSD-3-Clause, under the same names; the robust one: GitHub MadryLab/robustness, MIT. Names, shapes and
 * arithmetic are timm's (`resnet.py`, timm 1.0.31).
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
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { batchNormSpecification, convolutionSpecification, linearSpecification } from '../specifications.ts'

/** A ResNet as data (arXiv:1512.03385, table 1). */
interface Variant {
  /** Two 3×3 convolutions, or a bottleneck of three. */
  readonly block: 'basic' | 'bottleneck'
  /** Blocks per stage. */
  readonly depths: readonly [number, number, number, number]
  readonly groups?: number
  /** The channels of a group inside a bottleneck of the first stage; 64 unless given. */
  readonly groupWidth?: number
}

const variants: Readonly<Record<string, Variant>> = {
  resnet18: { block: 'basic', depths: [2, 2, 2, 2] },
  resnet34: { block: 'basic', depths: [3, 4, 6, 3] },
  resnet26: { block: 'bottleneck', depths: [2, 2, 2, 2] },
  resnet50: { block: 'bottleneck', depths: [3, 4, 6, 3] },
  resnet101: { block: 'bottleneck', depths: [3, 4, 23, 3] },
  resnet152: { block: 'bottleneck', depths: [3, 8, 36, 3] },
  wide_resnet50_2: { block: 'bottleneck', depths: [3, 4, 6, 3], groupWidth: 128 },
  wide_resnet101_2: { block: 'bottleneck', depths: [3, 4, 23, 3], groupWidth: 128 },
  resnext50_32x4d: { block: 'bottleneck', depths: [3, 4, 6, 3], groups: 32, groupWidth: 4 },
  resnext101_32x4d: { block: 'bottleneck', depths: [3, 4, 23, 3], groups: 32, groupWidth: 4 },
  resnext101_32x8d: { block: 'bottleneck', depths: [3, 4, 23, 3], groups: 32, groupWidth: 8 },
  resnext101_64x4d: { block: 'bottleneck', depths: [3, 4, 23, 3], groups: 64, groupWidth: 4 },
}

interface Block {
  readonly name: string
  readonly input: number
  readonly middle: number
  readonly output: number
  readonly stride: number
  readonly groups: number
}

const stemWidth = 64

export const resNetModels = familyModels([resNetFamily], variants, resNet)

function resNet(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const blocks = blocksOf(variant)
  const features = blocks.at(-1)!.output
  const residual = variant.block === 'basic' ? basicBlock : bottleneck
  return {
    features,
    classifier: 'fc',
    specifications: (classes) => [
      convolutionSpecification('conv1', stemWidth, 3, 7),
      ...batchNormSpecification('bn1', stemWidth),
      ...blocks.flatMap((block) => blockSpecification(block, variant.block)),
      ...linearSpecification('fc', classes, features),
    ],
    convertCheckpoint: (arrays) => [...arrays],
    logits(images, parameters, context) {
      let y = stem(normalise(images, normalisation), parameters, context)
      for (const block of blocks) y = tf.tidy(() => residual(y, parameters.at(block.name), block, context))
      return linear(globalAveragePool(y), parameters.at('fc'))
    },
  }
}

function blocksOf({ block, depths, groups = 1, groupWidth = stemWidth }: Variant): Block[] {
  const expansion = block === 'basic' ? 1 : 4
  return depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, i): Block => {
      const width = stemWidth * 2 ** stage
      const before = stage > 0 ? (expansion * width) / 2 : stemWidth
      return {
        name: `layer${stage + 1}.${i}`,
        input: i > 0 ? expansion * width : before,
        middle: Math.floor((width * groupWidth) / stemWidth) * groups,
        output: expansion * width,
        stride: i === 0 && stage > 0 ? 2 : 1,
        groups,
      }
    }),
  )
}

/** x: [batch, side, side, 3], normalised; [batch, side / 4, side / 4, 64] out. */
function stem(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  const y = conv2d(x, parameters.at('conv1'), { stride: 2, padding: 3 })
  return maxPool2d(relu(batchNorm(y, parameters.at('bn1'), context)), { kernel: 3, stride: 2, padding: 1 })
}

/** A basic block (arXiv:1512.03385, fig. 5 left). Shapes are those of the bottleneck. */
function basicBlock(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const norm = (y: Tensor4D, name: string) => batchNorm(y, parameters.at(name), context)
  const first = relu(norm(conv2d(x, parameters.at('conv1'), { stride: block.stride, padding: 1 }), 'bn1'))
  const second = norm(conv2d(first, parameters.at('conv2'), { padding: 1 }), 'bn2')
  return relu(second.add(shortcut(x, parameters, block, context)))
}

/**
 * A bottleneck (arXiv:1512.03385, fig. 5 right). x: [batch, side, side, input]; [batch, side / stride, side / stride,
 * output] out.
 */
function bottleneck(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  const { stride, groups } = block
  const norm = (y: Tensor4D, name: string) => batchNorm(y, parameters.at(name), context)
  const narrow = relu(norm(conv2d(x, parameters.at('conv1'), { padding: 0 }), 'bn1'))
  const mixed = relu(norm(conv2d(narrow, parameters.at('conv2'), { stride, padding: 1, groups }), 'bn2'))
  const wide = norm(conv2d(mixed, parameters.at('conv3'), { padding: 0 }), 'bn3')
  return relu(wide.add(shortcut(x, parameters, block, context)))
}

function shortcut(x: Tensor4D, parameters: Parameters, block: Block, context: ForwardContext): Tensor4D {
  if (!changesShape(block)) return x
  const y = conv2d(x, parameters.at('downsample.0'), { stride: block.stride, padding: 0 })
  return batchNorm(y, parameters.at('downsample.1'), context)
}

function changesShape({ input, output, stride }: Block): boolean {
  return stride > 1 || input !== output
}

function blockSpecification(block: Block, kind: Variant['block']): ParameterSpecification[] {
  const { name, input, middle, output, groups } = block
  const layer = (index: number, to: number, from: number, kernel: number) => [
    convolutionSpecification(`${name}.conv${index}`, to, from, kernel),
    ...batchNormSpecification(`${name}.bn${index}`, to),
  ]
  const layers =
    kind === 'basic'
      ? [...layer(1, output, input, 3), ...layer(2, output, output, 3)]
      : [...layer(1, middle, input, 1), ...layer(2, middle, middle / groups, 3), ...layer(3, output, middle, 1)]
  if (!changesShape(block)) return layers
  const downsample = [
    convolutionSpecification(`${name}.downsample.0`, output, input, 1),
    ...batchNormSpecification(`${name}.downsample.1`, output),
  ]
  return [...layers, ...downsample]
}
