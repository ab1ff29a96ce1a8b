/**
 * Swin Transformer (Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
 * arXiv:2103.14030): attention in windows of 7 × 7 or 12 × 12 tokens, shifted by half in every second block, and four
 * stages that each halve the side and double the width. MIT (microsoft/Swin-Transformer). Names, shapes and arithmetic
 * are timm's (`swin_transformer.py`, timm 1.0.31).
 *
 * Tokens are in the order of the windows throughout. Layers that read one token at a time do not depend on the order,
 * nor does the mean at the end. So a block needs one permutation; to shift the image, partition it and undo both would
 * be four copies.
 */
import {
  permuteTokens,
  tf,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  type TokenPermutation,
} from '@gauntlet/engine'
import {
  attention,
  dropPath,
  globalAveragePool,
  layerNorm,
  linear,
  normalise,
  type ForwardContext,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { swinFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { requireSide } from '../fixed-resolution.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { relativePositionBias } from './relative-position-bias.ts'
import { resampledOffsets } from '../checkpoints/resampled-offsets.ts'
import {
  biasSpecification,
  convolutionSpecification,
  decayedSpecification,
  layerNormSpecification,
  linearSpecification,
} from '../specifications.ts'
import {
  blockSpecification,
  headSpecification,
  mergeHeads,
  mlp,
  mlpSpecification,
  patchTokens,
  splitQueryKeyValue,
} from './transformer.ts'
import { betweenLayouts, intoMergedWindows, intoWindows, shiftMask, type WindowLayout } from './windows.ts'

interface Size {
  /** The width of the first stage. */
  readonly width: number
  /** The number of blocks per stage. */
  readonly depths: readonly number[]
}

interface Variant extends Size {
  /** Sides of a window in tokens and of the image in pixels. */
  readonly window: number
  readonly side: number
}

const variants: Readonly<Record<string, Size>> = {
  swin_tiny_patch4_window7_224: { width: 96, depths: [2, 2, 6, 2] },
  swin_small_patch4_window7_224: { width: 96, depths: [2, 2, 18, 2] },
  swin_base_patch4_window7_224: { width: 128, depths: [2, 2, 18, 2] },
  swin_base_patch4_window12_384: { width: 128, depths: [2, 2, 18, 2] },
  swin_large_patch4_window7_224: { width: 192, depths: [2, 2, 18, 2] },
  swin_large_patch4_window12_384: { width: 192, depths: [2, 2, 18, 2] },
}

const patch = 4
/**
 * The side of a window in pixels of the first stage. It is the same at all sides, 7 tokens of 4 pixels at 224 and 12 at
 * 384, and so eight windows cover a side of the first stage and one that of the last. timm's `set_input_size` keeps it
 * at other sides too.
 */
const pixelsPerWindow = 32
const headWidth = 32
const epsilon = 1e-5
/**
 * The stochastic depth of the last block, which rises from 0 at the first. It is timm's default for Swin, so the
 * study's authors trained with it.
 */
const deepestDrop = 0.1

interface Block {
  readonly name: string
  /** The probability that an image skips a branch of the block in training. */
  readonly drop: number
}

interface Stage {
  readonly name: string
  readonly width: number
  readonly blocks: readonly Block[]
  /** Computed when the first images come, since loading weights needs none. */
  readonly layouts: () => Layouts
  /** The side of a window in tokens. */
  readonly window: number
}

/** The two layouts that a stage's blocks use in turn, and the permutations between them. */
interface Layouts {
  readonly windows: number
  /** From the rows of the image, or from the last layout of the stage before. */
  readonly enter: TokenPermutation
  /** Absent where one window is the whole image, since nothing is shifted then. */
  readonly shifting?: { readonly there: TokenPermutation; readonly back: TokenPermutation; readonly mask: Float32Array }
}

/** The layouts of a stage. The last of the four is one window. */
function layoutsOfStage(stage: number, { side, window }: Variant): Layouts {
  const size = side / patch / 2 ** stage
  const [resting, moved] = layoutsOf(size, window)
  return {
    windows: (size / window) ** 2,
    enter: stage === 0 ? intoWindows(resting) : intoMergedWindows(layoutsOf(2 * size, window)[1], resting),
    ...(size > window && {
      shifting: { there: betweenLayouts(resting, moved), back: betweenLayouts(moved, resting), mask: shiftMask(moved) },
    }),
  }
}

function layoutsOf(size: number, window: number): [resting: WindowLayout, moved: WindowLayout] {
  return [
    { side: size, window, shift: 0 },
    { side: size, window, shift: Math.floor(window / 2) },
  ]
}

export const swinModels = familyModels([swinFamily], variants, swin)

function swin(size: Size, { id, side, normalisation }: PublishedModel): FamilyModel {
  const window = side / pixelsPerWindow
  const stages = stagesOf({ ...size, side, window })
  return {
    features: stages.at(-1)!.width,
    classifier: 'head.fc',
    specifications: (classes) => specifications(stages, classes),
    convertCheckpoint,
    resizePositions: (array) => (isBiasTable(array.name) ? resampledOffsets(array, window) : array),
    logits: (images, parameters, context) => {
      requireSide(images, side, id)
      return linear(features(normalise(images, normalisation), parameters, stages, context), parameters.at('head.fc'))
    },
  }
}

function stagesOf(variant: Variant): Stage[] {
  const { width, depths, window } = variant
  const total = sum(depths)
  return depths.map((depth, stage) => ({
    name: `layers.${stage}`,
    width: width * 2 ** stage,
    blocks: Array.from({ length: depth }, (_, i) => ({
      name: `layers.${stage}.blocks.${i}`,
      drop: (deepestDrop * (sum(depths.slice(0, stage)) + i)) / (total - 1),
    })),
    layouts: once(() => layoutsOfStage(stage, variant)),
    window,
  }))
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => (made ??= make())
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** x: [batch, side, side, 3], normalised; [batch, 8 · width] out. */
function features(x: Tensor4D, parameters: Parameters, stages: readonly Stage[], context: ForwardContext): Tensor2D {
  const patches = patchTokens(x, parameters.at('patch_embed.proj'), patch)
  let y = layerNorm(patches, parameters.at('patch_embed.norm'), { epsilon })
  stages.forEach((stage, i) => {
    y = permuteTokens(y, stage.layouts().enter)
    if (i > 0) y = mergePatches(y, parameters.at(`${stage.name}.downsample`))
    y = blocksOf(y, parameters, stage, context)
  })
  const normed = layerNorm(y, parameters.at('norm'), { epsilon })
  const last = stages.at(-1)!.window
  return globalAveragePool(normed.reshape<Tensor4D>([-1, last, last, normed.shape[2]]))
}

/**
 * Merges four neighbours, which are next to each other, into one token. x: [batch, tokens, width]; [batch, tokens / 4,
 * 2 · width] out.
 */
function mergePatches(x: Tensor3D, parameters: Parameters): Tensor3D {
  const [batch, tokens, width] = x.shape
  const merged = x.reshape<Tensor3D>([batch, tokens / 4, 4 * width])
  return linear(layerNorm(merged, parameters.at('norm'), { epsilon }), parameters.at('reduction'))
}

/** Runs the blocks of a stage, every second one with shifted windows. x: [batch, tokens, width]; same shape out. */
function blocksOf(x: Tensor3D, parameters: Parameters, stage: Stage, context: ForwardContext): Tensor3D {
  const { shifting } = stage.layouts()
  return stage.blocks.reduce((y, { name, drop }, i) => {
    const moved = i % 2 === 1
    const attend = (normed: Tensor3D, at: Parameters) =>
      windowAttention(normed, at, stage, moved ? shifting?.mask : undefined)
    return tf.tidy(() => {
      const arranged = shifting && i > 0 ? permuteTokens(y, moved ? shifting.there : shifting.back) : y
      return block(arranged, parameters.at(name), attend, (branch) => dropPath(branch, drop, context))
    })
  }, x)
}

/** x: [batch, tokens, width], window by window; same shape out. */
function block(
  x: Tensor3D,
  parameters: Parameters,
  attend: (normed: Tensor3D, parameters: Parameters) => Tensor3D,
  drop: (branch: Tensor3D) => Tensor3D,
): Tensor3D {
  const y: Tensor3D = x.add(drop(attend(layerNorm(x, parameters.at('norm1'), { epsilon }), parameters.at('attn'))))
  return y.add(drop(mlp(layerNorm(y, parameters.at('norm2'), { epsilon }), parameters.at('mlp'))))
}

/**
 * Attention within each window. A mask differs between windows, so windows and heads become one axis, along which the
 * mask is a bias like any other. x: [batch, windows · area, width]; same shape out.
 */
function windowAttention(
  x: Tensor3D,
  parameters: Parameters,
  { window, layouts }: Stage,
  mask: Float32Array | undefined,
): Tensor3D {
  const [batch, , width] = x.shape
  const { windows } = layouts()
  const area = window ** 2
  const heads = width / headWidth
  const projected = linear(x.reshape<Tensor3D>([batch * windows, area, width]), parameters.at('qkv'))
  const together = mask ? windows : 1
  const [query, key, value] = splitQueryKeyValue(projected, heads).map((part) =>
    part.reshape<Tensor4D>([(batch * windows) / together, together * heads, area, headWidth]),
  )
  const bias = biasOf(parameters, window, mask)
  const mixed = attention(query!, key!, value!, { scale: 1 / Math.sqrt(headWidth), bias })
  const perWindow = mixed.reshape<Tensor4D>([batch * windows, heads, area, headWidth])
  return linear(mergeHeads(perWindow), parameters.at('proj')).reshape(x.shape)
}

/** [1, heads, area, area], or [1, windows · heads, area, area] with a mask. */
function biasOf(parameters: Parameters, window: number, mask: Float32Array | undefined): Tensor {
  const area = window ** 2
  const bias = relativePositionBias(parameters.tensor('relative_position_bias_table'), window)
  return mask
    ? bias.add(tf.tensor4d(mask, [mask.length / area ** 2, 1, area, area])).reshape([1, -1, area, area])
    : bias
}

function specifications(stages: readonly Stage[], classes: number): ParameterSpecification[] {
  const first = stages[0]!.width
  const last = stages.at(-1)!.width
  return [
    convolutionSpecification('patch_embed.proj', first, 3, patch),
    biasSpecification('patch_embed.proj', first),
    ...layerNormSpecification('patch_embed.norm', first),
    ...stages.flatMap(stageSpecification),
    ...layerNormSpecification('norm', last),
    ...headSpecification('head.fc', classes, last),
  ]
}

/** Whether a tensor has a bias for every offset between two positions of a window. */
function isBiasTable(name: string): boolean {
  return name.endsWith('.relative_position_bias_table')
}

function stageSpecification({ name, width, blocks, window }: Stage, stage: number): ParameterSpecification[] {
  const merging = () => [
    ...layerNormSpecification(`${name}.downsample.norm`, 2 * width),
    ...linearSpecification(`${name}.downsample.reduction`, width, 2 * width).slice(0, 1),
  ]
  const attentionOf = (block: string) => [
    decayedSpecification(`${block}.attn.relative_position_bias_table`, [(2 * window - 1) ** 2, width / headWidth]),
    ...linearSpecification(`${block}.attn.qkv`, 3 * width, width),
    ...linearSpecification(`${block}.attn.proj`, width, width),
  ]
  const ofBlocks = blocks.flatMap(({ name: at }) =>
    blockSpecification(at, width, attentionOf(at), mlpSpecification(`${at}.mlp`, width)),
  )
  return [...(stage > 0 ? merging() : []), ...ofBlocks]
}

/**
 * Converts the authors' files, and those of timm before 0.9. These merge patches at the end of a stage instead of the
 * beginning of the next, call the classifier `head`, and contain tables that are computed.
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  const old = arrays.some(({ name }) => name === 'layers.0.downsample.reduction.weight')
  const kept = arrays.filter(({ name }) => !/\.(relative_position_index|attn_mask)$/.test(name))
  return old ? kept.map((array) => ({ ...array, name: timmName(array.name) })) : kept
}

function timmName(name: string): string {
  return name
    .replace(/^layers\.(\d+)\.downsample\./, (_, stage: string) => `layers.${Number(stage) + 1}.downsample.`)
    .replace(/^head\./, 'head.fc.')
}
