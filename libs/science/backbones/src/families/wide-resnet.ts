/**
 * Wide ResNet for small images (Zagoruyko and Komodakis, arXiv:1605.07146): blocks with the norm first
 * (arXiv:1603.05027), three groups of them, and no pooling before the end. The models of the literature on robustness,
 * as RobustBench (MIT, 1.1.1) defines them: `wide_resnet*` is `WideResNet` (wide_resnet.py, after yaodongyu/TRADES),
 * `dm_wide_resnet*` is `DMWideResNet` with Swish (dm_wide_resnet.py, after google-deepmind). Names, shapes and
 * arithmetic are theirs, but the last pooling takes any side, where theirs takes 32 pixels alone.
 */
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  globalAveragePool,
  linear,
  normalise,
  relu,
  silu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { wideResNetFamily } from '@gauntlet/study'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { batchNormSpecification, convolutionSpecification, linearSpecification } from '../specifications.ts'

interface Variant {
  /** Layers: 6 · blocks per group + 4. */
  readonly depth: number
  /** The factor of the widths 16, 32 and 64 of the groups. */
  readonly width: number
  readonly style: Style
}

/** The names of modules, and what else differs between the two definitions. */
interface Style {
  readonly stem: string
  readonly group: (index: number) => string
  readonly block: readonly [norm: string, convolution: string, norm: string, convolution: string, shortcut: string]
  readonly norm: string
  readonly classifier: string
  readonly activation: (x: Tensor4D) => Tensor4D
  /** The padding of a convolution of stride 2: on every side, or behind the last pixel alone. */
  readonly padding: 1 | 'same'
}

const trades: Style = {
  stem: 'conv1',
  group: (index) => `block${index + 1}.layer`,
  block: ['bn1', 'conv1', 'bn2', 'conv2', 'convShortcut'],
  norm: 'bn1',
  classifier: 'fc',
  activation: relu<Tensor4D>,
  padding: 1,
}

const deepMind: Style = {
  stem: 'init_conv',
  group: (index) => `layer.${index}.block`,
  block: ['batchnorm_0', 'conv_0', 'batchnorm_1', 'conv_1', 'shortcut'],
  norm: 'batchnorm',
  classifier: 'logits',
  activation: silu<Tensor4D>,
  padding: 'same',
}

const variants: Readonly<Record<string, Variant>> = {
  wide_resnet28_10: { depth: 28, width: 10, style: trades },
  wide_resnet34_10: { depth: 34, width: 10, style: trades },
  wide_resnet34_20: { depth: 34, width: 20, style: trades },
  wide_resnet70_16: { depth: 70, width: 16, style: trades },
  dm_wide_resnet28_10: { depth: 28, width: 10, style: deepMind },
  dm_wide_resnet34_10: { depth: 34, width: 10, style: deepMind },
  dm_wide_resnet70_16: { depth: 70, width: 16, style: deepMind },
}

interface Block {
  readonly name: string
  readonly input: number
  readonly output: number
  readonly stride: number
}

const stemWidth = 16

export const wideResNetModels = familyModels([wideResNetFamily], variants, wideResNet)

function wideResNet(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const { style, width } = variant
  const blocks = blocksOf(variant)
  const features = 64 * width
  return {
    features,
    classifier: style.classifier,
    specifications: (classes) => [
      convolutionSpecification(style.stem, stemWidth, 3, 3),
      ...blocks.flatMap((block) => blockSpecification(block, style)),
      ...batchNormSpecification(style.norm, features),
      ...linearSpecification(style.classifier, classes, features),
    ],
    // TRADES made WRN-34-10 with a group that it never runs.
    convertCheckpoint: (arrays) => arrays.filter(({ name }) => !name.startsWith('sub_block1.')),
    logits(images, parameters, context) {
      let y = conv2d(normalise(images, normalisation), parameters.at(style.stem), { padding: 1 })
      for (const block of blocks) y = tf.tidy(() => residual(y, parameters.at(block.name), block, style, context))
      const normed = style.activation(batchNorm(y, parameters.at(style.norm), context))
      return linear(globalAveragePool(normed), parameters.at(style.classifier))
    },
  }
}

function blocksOf({ depth, width, style }: Variant): Block[] {
  const perGroup = (depth - 4) / 6
  return [16, 32, 64].flatMap((base, group) =>
    Array.from({ length: perGroup }, (_, i): Block => {
      const output = base * width
      const before = group > 0 ? output / 2 : stemWidth
      return {
        name: `${style.group(group)}.${i}`,
        input: i > 0 ? output : before,
        output,
        stride: i === 0 && group > 0 ? 2 : 1,
      }
    }),
  )
}

/**
 * A block with the norm first (arXiv:1603.05027, fig. 4e). Where it changes the width, the shortcut too reads what was
 * normalised. x: [batch, side, side, input]; [batch, side / stride, side / stride, output] out.
 */
function residual(
  x: Tensor4D,
  parameters: Parameters,
  { input, output, stride }: Block,
  { block: [norm1, conv1, norm2, conv2, shortcut], activation, padding }: Style,
  context: ForwardContext,
): Tensor4D {
  const normed = activation(batchNorm(x, parameters.at(norm1), context))
  const first = conv2d(normed, parameters.at(conv1), { stride, padding: stride > 1 ? padding : 1 })
  const second = conv2d(activation(batchNorm(first, parameters.at(norm2), context)), parameters.at(conv2), {
    padding: 1,
  })
  return second.add(input === output ? x : conv2d(normed, parameters.at(shortcut), { stride, padding: 0 }))
}

function blockSpecification({ name, input, output }: Block, { block }: Style): ParameterSpecification[] {
  const [norm1, conv1, norm2, conv2, shortcut] = block.map((part) => `${name}.${part}`) as [
    string,
    string,
    string,
    string,
    string,
  ]
  return [
    ...batchNormSpecification(norm1, input),
    convolutionSpecification(conv1, output, input, 3),
    ...batchNormSpecification(norm2, output),
    convolutionSpecification(conv2, output, output, 3),
    ...(input === output ? [] : [convolutionSpecification(shortcut, output, input, 1)]),
  ]
}
