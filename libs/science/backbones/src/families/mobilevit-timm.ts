/**
 * MobileViT (Mehta and Rastegari, arXiv:2110.02178) under timm's names, for Apple's weights as timm has them
 * (`mobilevit_xxs`, `mobilevit_xs` and `mobilevit_s`; timm 1.0.31). The arithmetic is that of mobilevit.ts without
 * dropout, red first, and with query, key and value in one projection.
 */
import { tf, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  globalAveragePool,
  layerNorm,
  linear,
  normalise,
  resizeBilinear,
  silu,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { mobileViTFamily } from '@gauntlet/study'
import { fold, unfold } from './mobilevit.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import {
  batchNormSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
} from '../specifications.ts'
import { blockSpecification, mlp, mlpSpecification, projectedAttention, splitQueryKeyValue } from './transformer.ts'

/** A MobileViT as data (arXiv:2110.02178, table 4): the widths of the five stages, and inside their transformers. */
interface Variant {
  readonly widths: readonly [number, number, number, number, number]
  readonly hidden: readonly [number, number, number]
  /** By how much an inverted residual widens its input. */
  readonly expansion: number
  readonly features: number
}

const variants: Readonly<Record<string, Variant>> = {
  mobilevit_xxs: { widths: [16, 24, 48, 64, 80], hidden: [64, 80, 96], expansion: 2, features: 320 },
  mobilevit_xs: { widths: [32, 48, 64, 80, 96], hidden: [96, 120, 144], expansion: 4, features: 384 },
  mobilevit_s: { widths: [32, 64, 96, 128, 160], hidden: [144, 192, 240], expansion: 4, features: 640 },
}

const stemWidth = 16
const heads = 4
/** Inverted residuals of the first two stages; each further stage has one, and a block of transformer layers. */
const residuals = [1, 3] as const
const transformerDepths = [2, 4, 3] as const
const batchNormEpsilon = 1e-5
const layerNormEpsilon = 1e-5

/** An inverted residual, or a block of transformer layers. */
type Block =
  | {
      readonly kind: 'residual'
      readonly name: string
      readonly input: number
      readonly output: number
      readonly stride: 1 | 2
    }
  | {
      readonly kind: 'transformer'
      readonly name: string
      readonly width: number
      readonly hidden: number
      readonly depth: number
    }

export const mobileViTTimmModels = familyModels([mobileViTFamily], variants, mobileViT)

function mobileViT(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const blocks = blocksOf(variant)
  return {
    features: variant.features,
    classifier: 'head.fc',
    specifications: (classes) => specifications(classes, variant, blocks),
    convertCheckpoint: (arrays) => [...arrays],
    logits: (images, parameters, context) => {
      const features = featuresOf(normalise(images, normalisation), parameters, blocks, context)
      return linear(globalAveragePool(features), parameters.at('head.fc'))
    },
  }
}

function blocksOf({ widths, hidden }: Variant): Block[] {
  return widths.flatMap((width, stage): Block[] => {
    const before = widths[stage - 1] ?? stemWidth
    const ofStage = Array.from({ length: residuals[stage] ?? 1 }, (_, i): Block => ({
      kind: 'residual',
      name: `stages.${stage}.${i}`,
      input: i > 0 ? width : before,
      output: width,
      stride: stage > 0 && i === 0 ? 2 : 1,
    }))
    const depth = transformerDepths[stage - residuals.length]
    if (depth === undefined) return ofStage
    const inside = hidden[stage - residuals.length]!
    return [...ofStage, { kind: 'transformer', name: `stages.${stage}.1`, width, hidden: inside, depth }]
  })
}

/** x: [batch, side, side, 3], normalised; [batch, ⌈side / 32⌉, ⌈side / 32⌉, features] out. */
function featuresOf(x: Tensor4D, parameters: Parameters, blocks: readonly Block[], context: ForwardContext): Tensor4D {
  let y = convolution(x, parameters.at('stem'), context, 2)
  for (const block of blocks) {
    const own = parameters.at(block.name)
    y = tf.tidy(() =>
      block.kind === 'residual' ? invertedResidual(y, own, block, context) : mobileViTBlock(y, own, block, context),
    )
  }
  return convolution(y, parameters.at('final_conv'), context)
}

/** Convolution with padding, batch norm, SiLU. [batch, ⌈side / stride⌉, ⌈side / stride⌉, out] out. */
function convolution(x: Tensor4D, parameters: Parameters, context: ForwardContext, stride: 1 | 2 = 1): Tensor4D {
  const module = parameters.at('conv')
  const padding = (module.tensor('weight').shape[0]! - 1) / 2
  return silu(normed(conv2d(x, module, { stride, padding }), parameters, context))
}

function normed(x: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor4D {
  return batchNorm(x, parameters.at('bn'), context, { epsilon: batchNormEpsilon })
}

/** An inverted residual with SiLU (MobileNetV2, arXiv:1801.04381, fig. 4d). */
function invertedResidual(
  x: Tensor4D,
  parameters: Parameters,
  { input, output, stride }: Block & { readonly kind: 'residual' },
  context: ForwardContext,
): Tensor4D {
  const expanded = convolution(x, parameters.at('conv1_1x1'), context)
  const depthwise = parameters.at('conv2_kxk')
  const mixed = silu(
    normed(depthwiseConv2d(expanded, depthwise.at('conv'), { stride, padding: 1 }), depthwise, context),
  )
  const last = parameters.at('conv3_1x1')
  const reduced = normed(conv2d(mixed, last.at('conv'), { padding: 0 }), last, context)
  return stride === 1 && input === output ? reduced.add(x) : reduced
}

/** A MobileViT block after its inverted residual (arXiv:2110.02178, figure 1b). Same shape out. */
function mobileViTBlock(
  x: Tensor4D,
  parameters: Parameters,
  { depth }: Block & { readonly kind: 'transformer' },
  context: ForwardContext,
): Tensor4D {
  const local = convolution(x, parameters.at('conv_kxk'), context)
  const widened = conv2d(local, parameters.at('conv_1x1'), { padding: 0 })
  const [, height, width] = widened.shape
  const even = resizeBilinear(widened, 2 * Math.ceil(height / 2), 2 * Math.ceil(width / 2))
  let patches = unfold(even)
  for (let i = 0; i < depth; i++) patches = tf.tidy(() => transformerLayer(patches, parameters.at(`transformer.${i}`)))
  patches = layerNorm(patches, parameters.at('norm'), { epsilon: layerNormEpsilon })
  const folded = resizeBilinear(fold(patches, even.shape), height, width)
  const projected = convolution(folded, parameters.at('conv_proj'), context)
  return convolution(tf.concat([x, projected], 3), parameters.at('conv_fusion'), context)
}

/** A transformer layer with norms first. x: [sequences, tokens, hidden]; same shape out. */
function transformerLayer(x: Tensor3D, parameters: Parameters): Tensor3D {
  const attn = parameters.at('attn')
  const before = layerNorm(x, parameters.at('norm1'), { epsilon: layerNormEpsilon })
  const mixed = projectedAttention(splitQueryKeyValue(linear(before, attn.at('qkv')), heads), attn.at('proj'))
  const y = x.add<Tensor3D>(mixed)
  return y.add(mlp(layerNorm(y, parameters.at('norm2'), { epsilon: layerNormEpsilon }), parameters.at('mlp'), silu))
}

function specifications(
  classes: number,
  { expansion, features, widths }: Variant,
  blocks: readonly Block[],
): ParameterSpecification[] {
  return [
    ...convolutionLayer('stem', stemWidth, 3, 3),
    ...blocks.flatMap((block) =>
      block.kind === 'residual' ? residualSpecification(block, expansion) : transformerSpecification(block),
    ),
    ...convolutionLayer('final_conv', features, widths[4], 1),
    ...linearSpecification('head.fc', classes, features),
  ]
}

/** A convolution without bias, and its batch norm. */
function convolutionLayer(name: string, output: number, input: number, kernel: number): ParameterSpecification[] {
  return [
    convolutionSpecification(`${name}.conv`, output, input, kernel),
    ...batchNormSpecification(`${name}.bn`, output),
  ]
}

function residualSpecification(
  { name, input, output }: Block & { readonly kind: 'residual' },
  expansion: number,
): ParameterSpecification[] {
  const middle = expansion * input
  return [
    ...convolutionLayer(`${name}.conv1_1x1`, middle, input, 1),
    depthwiseSpecification(`${name}.conv2_kxk.conv`, middle, 3),
    ...batchNormSpecification(`${name}.conv2_kxk.bn`, middle),
    ...convolutionLayer(`${name}.conv3_1x1`, output, middle, 1),
  ]
}

function transformerSpecification({
  name,
  width,
  hidden,
  depth,
}: Block & { readonly kind: 'transformer' }): ParameterSpecification[] {
  const layers = Array.from({ length: depth }, (_, i) => `${name}.transformer.${i}`)
  return [
    ...convolutionLayer(`${name}.conv_kxk`, width, width, 3),
    convolutionSpecification(`${name}.conv_1x1`, hidden, width, 1),
    ...layers.flatMap((layer) =>
      blockSpecification(
        layer,
        hidden,
        [
          ...linearSpecification(`${layer}.attn.qkv`, 3 * hidden, hidden),
          ...linearSpecification(`${layer}.attn.proj`, hidden, hidden),
        ],
        mlpSpecification(`${layer}.mlp`, hidden, 2 * hidden),
      ),
    ),
    ...layerNormSpecification(`${name}.norm`, hidden),
    ...convolutionLayer(`${name}.conv_proj`, width, hidden, 1),
    ...convolutionLayer(`${name}.conv_fusion`, width, 2 * width, 3),
  ]
}
