/**
 * ConvNeXt (Liu et al., "A ConvNet for the 2020s", arXiv:2201.03545). MIT (facebookresearch/ConvNeXt) and Apache-2.0
 * (timm's and LAION's weights). The robust ones are of Singh et al., "Revisiting Adversarial Training for ImageNet",
 * arXiv:2303.01870 (nmndeep/revisiting-at, plain stems). Names, shapes and arithmetic are timm's (`convnext_tiny`,
 * `convnext_base`; timm 1.0.31).
 *
 * Of LAION's CLIP models (open_clip `convnext_base_w`) this is the image trunk, `visual.trunk`, which is timm's
 * `convnext_base`. The study's authors put their classifier on the 1024 features after `head.norm`, and leave out the
 * projection to CLIP's 640 (MaxHeuillet/robust_training, architectures/loaders.py). They build these models by
 * open_clip (2.31.0), whose configuration has a stochastic depth of 0.1; the models that they build by timm have none.
 */
import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import {
  conv2d,
  depthwiseConv2d,
  dropPath,
  gelu,
  globalAveragePool,
  layerNorm,
  linear,
  normalise,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { convNeXtFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { downsample, downsampleSpecification } from './downsampling.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { isTextTower } from '../checkpoints/openclip-checkpoint.ts'
import {
  biasSpecification,
  convolutionSpecification,
  decayedSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
} from '../specifications.ts'

const epsilon = 1e-6
const patch = 4
const kernel = 7

/** Blocks and channels of the four stages (arXiv:2201.03545, section 3). */
interface Size {
  readonly depths: readonly number[]
  readonly widths: readonly number[]
}

const tiny: Size = { depths: [3, 3, 9, 3], widths: [96, 192, 384, 768] }
const small: Size = { depths: [3, 3, 27, 3], widths: [96, 192, 384, 768] }
const base: Size = { depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024] }
const large: Size = { depths: [3, 3, 27, 3], widths: [192, 384, 768, 1536] }
const xlarge: Size = { depths: [3, 3, 27, 3], widths: [256, 512, 1024, 2048] }

interface Variant {
  readonly size: Size
  /** The stochastic depth of the last block. It rises linearly from 0 at the first. */
  readonly dropPathRate: number
}

const variants: Readonly<Record<string, Variant>> = {
  convnext_tiny: { size: tiny, dropPathRate: 0 },
  convnext_small: { size: small, dropPathRate: 0 },
  convnext_base: { size: base, dropPathRate: 0 },
  convnext_large: { size: large, dropPathRate: 0 },
  convnext_xlarge: { size: xlarge, dropPathRate: 0 },
  convnext_base_w: { size: base, dropPathRate: 0.1 }, // open_clip's name of the image tower
}

export const convNeXtModels = familyModels([convNeXtFamily], variants, convNeXt)

function convNeXt(variant: Variant, { normalisation }: PublishedModel): FamilyModel {
  const { size } = variant
  return {
    features: size.widths.at(-1)!,
    classifier: 'head.fc',
    head: 'head',
    specifications: (count) => specificationsOf(size, count),
    convertCheckpoint,
    logits: (images, parameters, context) => {
      const pooled = globalAveragePool(featuresOf(normalise(images, normalisation), parameters, variant, context))
      return linear<Tensor2D>(layerNorm(pooled, parameters.at('head.norm'), { epsilon }), parameters.at('head.fc'))
    },
  }
}

/** x: [batch, side, side, 3], normalised; [batch, side / 32, side / 32, width of the last stage] out. */
function featuresOf(
  x: Tensor4D,
  parameters: Parameters,
  { size, dropPathRate }: Variant,
  context: ForwardContext,
): Tensor4D {
  const last = size.depths.reduce((sum, depth) => sum + depth, 0) - 1
  let block = 0
  const stem = conv2d(x, parameters.at('stem.0'), { stride: patch, padding: 0 })
  let y = layerNorm(stem, parameters.at('stem.1'), { epsilon })
  size.depths.forEach((depth, stage) => {
    const at = parameters.at(`stages.${stage}`)
    if (stage > 0) y = downsample(y, at.at('downsample'))
    for (let i = 0; i < depth; i++) {
      const drop = (branch: Tensor4D) => dropPath(branch, (dropPathRate * block++) / last, context)
      y = tf.tidy(() => convNeXtBlock(y, at.at(`blocks.${i}`), drop))
    }
  })
  return y
}

/**
 * ConvNeXt block (arXiv:2201.03545, fig. 4). x: [batch, side, side, stage width]; same shape out. `drop` applies the
 * stochastic depth.
 */
function convNeXtBlock(x: Tensor4D, parameters: Parameters, drop: (branch: Tensor4D) => Tensor4D): Tensor4D {
  const mixed = depthwiseConv2d(x, parameters.at('conv_dw'), { padding: (kernel - 1) / 2 })
  const normed = layerNorm(mixed, parameters.at('norm'), { epsilon })
  const hidden = gelu(linear(normed, parameters.at('mlp.fc1'))) // 4 × stage width
  return x.add(drop(linear(hidden, parameters.at('mlp.fc2')).mul(parameters.tensor('gamma'))))
}

function specificationsOf({ depths, widths }: Size, classes: number): ParameterSpecification[] {
  const last = widths.at(-1)!
  return [
    convolutionSpecification('stem.0', widths[0]!, 3, patch),
    biasSpecification('stem.0', widths[0]!),
    ...layerNormSpecification('stem.1', widths[0]!),
    ...depths.flatMap((depth, stage) => [
      ...(stage > 0 ? downsampleSpecification(`stages.${stage}.downsample`, widths[stage - 1]!, widths[stage]!) : []),
      ...Array.from({ length: depth }, (_, i) =>
        blockSpecification(`stages.${stage}.blocks.${i}`, widths[stage]!),
      ).flat(),
    ]),
    ...layerNormSpecification('head.norm', last),
    ...(classes > 0 ? linearSpecification('head.fc', classes, last) : []), // a CLIP has none
  ]
}

function blockSpecification(name: string, width: number): ParameterSpecification[] {
  return [
    decayedSpecification(`${name}.gamma`, [width]),
    depthwiseSpecification(`${name}.conv_dw`, width, kernel),
    biasSpecification(`${name}.conv_dw`, width),
    ...layerNormSpecification(`${name}.norm`, width),
    ...linearSpecification(`${name}.mlp.fc1`, 4 * width, width),
    ...linearSpecification(`${name}.mlp.fc2`, width, 4 * width),
  ]
}

/**
 * Extracts the image trunk of a CLIP, and converts the names of torchvision, and the old ones of
 * facebookresearch/ConvNeXt (timm `convnext.checkpoint_filter_fn`), to timm's.
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  if (arrays.some(({ name }) => name.startsWith(clipTrunk))) return imageTrunk(arrays)
  if (arrays.some(({ name }) => name === 'features.0.0.weight')) return arrays.map(fromTorchvision)
  return arrays.some(({ name }) => name.startsWith('downsample_layers.'))
    ? arrays.map((array) => ({ ...array, name: timmName(array.name) }))
    : [...arrays]
}

const clipTrunk = 'visual.trunk.'

/**
 * The trunk, without the text tower and the projection. Tensors that no CLIP has stay, so that strict loading refuses
 * them.
 */
function imageTrunk(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays
    .filter(({ name }) => name !== 'visual.head.proj.weight' && !isTextTower(name))
    .map((array) => (array.name.startsWith(clipTrunk) ? { ...array, name: array.name.slice(clipTrunk.length) } : array))
}

/**
 * torchvision/models/convnext.py: `features` has the stem, and then stages and downsamplings in turn; a block's layers
 * are numbered, and its layer scale has two axes more.
 */
function fromTorchvision(array: NamedArray): NamedArray {
  const name = array.name
    .replace(/^features\.0\./, 'stem.')
    .replace(/^features\.([246])\.(\d+)\./, (_, at: string, layer: string) => `stages.${+at / 2}.downsample.${layer}.`)
    .replace(
      /^features\.([1357])\.(\d+)\./,
      (_, at: string, block: string) => `stages.${(+at - 1) / 2}.blocks.${block}.`,
    )
    .replace('.block.0.', '.conv_dw.')
    .replace('.block.2.', '.norm.')
    .replace('.block.3.', '.mlp.fc1.')
    .replace('.block.5.', '.mlp.fc2.')
    .replace(/\.layer_scale$/, '.gamma')
    .replace(/^classifier\.0\./, 'head.norm.')
    .replace(/^classifier\.2\./, 'head.fc.')
  return name.endsWith('.gamma') ? { ...array, name, shape: [array.shape[0]!] } : { ...array, name }
}

/** timm's name for a name of facebookresearch/ConvNeXt, models/convnext.py. */
function timmName(name: string): string {
  return name
    .replace(/^downsample_layers\.0\./, 'stem.')
    .replace(/^downsample_layers\.(\d+)\.(\d+)\./, 'stages.$1.downsample.$2.')
    .replace(/^stages\.(\d+)\.(\d+)\./, 'stages.$1.blocks.$2.')
    .replace('.dwconv.', '.conv_dw.')
    .replace('.pwconv', '.mlp.fc')
    .replace(/^norm\./, 'head.norm.')
    .replace(/^head\.(weight|bias)$/, 'head.fc.$1')
}
