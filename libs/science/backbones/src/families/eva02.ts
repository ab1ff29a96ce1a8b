/**
 * EVA-02 (Fang et al., "EVA-02: A Visual Representation for Neon Genesis", arXiv:2303.11331): a ViT with rotary
 * position embedding beside the learned one, SwiGLU for the MLP, and the mean of all patches before the classifier. MIT
 * (baaivision/EVA). Names, shapes and arithmetic are timm's (`eva.py`, timm 1.0.31).
 */
import { rotatePairs, tf, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import {
  globalAveragePool,
  layerNorm,
  linear,
  normalise,
  silu,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { eva02Family } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { requireSide } from '../fixed-resolution.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { resampledGrid } from '../checkpoints/resampled-positions.ts'
import {
  biasSpecification,
  convolutionSpecification,
  layerNormSpecification,
  learnedSpecification,
  linearSpecification,
  decayedSpecification,
} from '../specifications.ts'
import {
  projectedAttention,
  blockSpecification,
  headSpecification,
  patchTokens,
  prependTokens,
  splitHeads,
  splitQueryKeyValue,
  type QueryKeyValue,
} from './transformer.ts'

interface Size {
  readonly width: number
  readonly heads: number
  readonly depth: number
  /** The inner width of SwiGLU, ⌊8/3 · width⌋. */
  readonly hidden: number
  /**
   * Whether query, key and value are layers of their own, and the two inputs of SwiGLU too, which then has a norm
   * inside.
   */
  readonly separate: boolean
}

interface Variant extends Size {
  /** The side of the image in pixels. */
  readonly side: number
}

const tiny: Size = { width: 192, heads: 3, hidden: 512, depth: 12, separate: false }
const small: Size = { width: 384, heads: 6, hidden: 1024, depth: 12, separate: false }
const base: Size = { width: 768, heads: 12, hidden: 2048, depth: 12, separate: true }
const large: Size = { width: 1024, heads: 16, hidden: 2730, depth: 24, separate: true }

const variants: Readonly<Record<string, Size>> = {
  eva02_tiny_patch14_224: tiny,
  eva02_tiny_patch14_336: tiny,
  eva02_small_patch14_224: small,
  eva02_small_patch14_336: small,
  eva02_base_patch14_224: base,
  eva02_base_patch14_448: base,
  eva02_large_patch14_224: large,
  eva02_large_patch14_448: large,
}

const patch = 14
/** The side of the grid at which the rotation is one radian per patch at most; larger grids are squeezed into it. */
const rotationGrid = 16
const epsilon = 1e-6
/** The width of a head, in all sizes. */
const headWidth = 64

export const eva02Models = familyModels([eva02Family], variants, eva02)

function eva02(size: Size, { id, side, normalisation }: PublishedModel): FamilyModel {
  const variant = { ...size, side }
  const grid = side / patch
  const rotations = rotationsOf(grid)
  return {
    features: size.width,
    classifier: 'head',
    specifications: (classes) => specifications(variant, classes),
    convertCheckpoint: (arrays) => convertCheckpoint(arrays, variant),
    resizePositions: (array) => (array.name === 'pos_embed' ? resampledGrid(array, { before: 1, side: grid }) : array),
    logits: (images, parameters) => {
      requireSide(images, side, id)
      const patches = patchTokens(normalise(images, normalisation), parameters.at('patch_embed.proj'), patch)
      const turns = tf.tensor2d(rotations, [1 + grid * grid, headWidth])
      return linear(meanFeatures(patches, turns, parameters, variant), parameters.at('head'))
    },
  }
}

/**
 * The mean of the patches after all blocks, without the class token. patches: [batch, grid², width]; [batch, width]
 * out.
 */
function meanFeatures(patches: Tensor3D, turns: Tensor2D, parameters: Parameters, variant: Variant): Tensor2D {
  const { depth, side } = variant
  const grid = side / patch
  let x: Tensor3D = prependTokens([parameters.tensor('cls_token')], patches).add(parameters.tensor('pos_embed'))
  for (let i = 0; i < depth; i++) x = tf.tidy(() => block(x, turns, parameters.at(`blocks.${i}`), variant))
  const places = x.slice([0, 1, 0], [-1, -1, -1]).reshape<Tensor4D>([-1, grid, grid, variant.width])
  return layerNorm(globalAveragePool(places), parameters.at('fc_norm'), { epsilon })
}

/** x: [batch, 257, width]; same shape out. */
function block(x: Tensor3D, turns: Tensor2D, parameters: Parameters, variant: Variant): Tensor3D {
  const normed = layerNorm(x, parameters.at('norm1'), { epsilon })
  const [query, key, value] = queryKeyValue(normed, parameters.at('attn'), variant)
  const turned = [rotatePairs(query, turns), rotatePairs(key, turns), value] as const
  const y: Tensor3D = x.add(projectedAttention(turned, parameters.at('attn.proj')))
  return y.add(swiGlu(layerNorm(y, parameters.at('norm2'), { epsilon }), parameters.at('mlp'), variant))
}

/** Query, key and value, of which the key has no bias. x: [batch, 257, width]. */
function queryKeyValue(x: Tensor3D, parameters: Parameters, { heads, separate }: Variant): QueryKeyValue {
  if (!separate) {
    const [query, value] = [parameters.tensor('q_bias'), parameters.tensor('v_bias')]
    const bias: Tensor = tf.concat([query, tf.zeros(query.shape), value])
    return splitQueryKeyValue(linear(x, parameters.at('qkv')).add(bias), heads)
  }
  const project = (name: string) => splitHeads(linear(x, parameters.at(name)), heads)
  return [project('q_proj'), project('k_proj'), project('v_proj')]
}

/** SwiGLU (Shazeer, arXiv:2002.05202, equation 6). x: [batch, 257, width]; same shape out. */
function swiGlu(x: Tensor3D, parameters: Parameters, { separate }: Variant): Tensor3D {
  if (!separate) {
    const [gate, inner] = tf.split(linear(x, parameters.at('fc1')), 2, 2)
    return linear(silu(gate!).mul(inner!), parameters.at('fc2'))
  }
  const gated: Tensor3D = silu(linear(x, parameters.at('fc1_g'))).mul(linear(x, parameters.at('fc1_x')))
  return linear(layerNorm(gated, parameters.at('norm'), { epsilon }), parameters.at('fc2'))
}

/**
 * Cosine and sine in turn, for each token and each pair of a head's numbers. The first half of the pairs is rotated by
 * the row, the second by the column: pair i by 10000^(−i / 16) radians per patch (timm `RotaryEmbeddingCat`). The class
 * token, which comes first, is not rotated.
 */
function rotationsOf(grid: number): Float32Array {
  return Float32Array.from({ length: (1 + grid * grid) * headWidth }, (_, i) => {
    const [token, pair] = [Math.floor(i / headWidth) - 1, Math.floor((i % headWidth) / 2)]
    const pairs = headWidth / 4
    const place = ((pair < pairs ? Math.floor(token / grid) : token % grid) * rotationGrid) / grid
    const angle = token < 0 ? 0 : place * Math.exp((-(pair % pairs) / pairs) * Math.log(10_000))
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)
  })
}

function specifications(variant: Variant, classes: number): ParameterSpecification[] {
  const { width, depth, side } = variant
  const grid = side / patch
  return [
    decayedSpecification('cls_token', [1, 1, width]),
    decayedSpecification('pos_embed', [1, 1 + grid * grid, width]),
    convolutionSpecification('patch_embed.proj', width, 3, patch),
    biasSpecification('patch_embed.proj', width),
    ...Array.from({ length: depth }, (_, i) => `blocks.${i}`).flatMap((name) =>
      blockSpecification(
        name,
        width,
        attentionSpecification(`${name}.attn`, variant),
        swiGluSpecification(`${name}.mlp`, variant),
      ),
    ),
    ...layerNormSpecification('fc_norm', width),
    ...headSpecification('head', classes, width),
  ]
}

function attentionSpecification(name: string, { width, separate }: Variant): ParameterSpecification[] {
  const joint = () => [
    learnedSpecification(`${name}.q_bias`, [width]),
    learnedSpecification(`${name}.v_bias`, [width]),
    ...linearSpecification(`${name}.qkv`, 3 * width, width).slice(0, 1),
  ]
  const apart = () => [
    ...linearSpecification(`${name}.q_proj`, width, width),
    ...linearSpecification(`${name}.k_proj`, width, width).slice(0, 1),
    ...linearSpecification(`${name}.v_proj`, width, width),
  ]
  return [...(separate ? apart() : joint()), ...linearSpecification(`${name}.proj`, width, width)]
}

function swiGluSpecification(name: string, { width, hidden, separate }: Variant): ParameterSpecification[] {
  const inner = separate
    ? [
        ...linearSpecification(`${name}.fc1_g`, hidden, width),
        ...linearSpecification(`${name}.fc1_x`, hidden, width),
        ...layerNormSpecification(`${name}.norm`, hidden),
      ]
    : linearSpecification(`${name}.fc1`, 2 * hidden, width)
  return [...inner, ...linearSpecification(`${name}.fc2`, width, hidden)]
}

/**
 * Converts the authors' files (`eva02_Ti_pt_in21k_p14.pt`), and timm's copies of them. Tensors that only masked image
 * modelling needs are dropped, and so are tables of rotations, which are computed. The last norm, which the authors
 * apply to every token, becomes the norm of the mean.
 */
function convertCheckpoint(arrays: readonly NamedArray[], variant: Variant): NamedArray[] {
  return arrays
    .filter(({ name }) => !/^(mask_token$|lm_head\.)|(^|\.)rope\./.test(name))
    .map((array) => ({ ...array, name: timmName(array.name, variant) }))
}

function timmName(name: string, { separate }: Variant): string {
  const renamed = renames.reduce((current, [theirs, ours]) => current.replace(theirs, ours), name)
  return separate ? renamed.replace(/\.attn\.([qv])_bias$/, '.attn.$1_proj.bias') : renamed
}

const renames: readonly (readonly [RegExp, string])[] = [
  [/^norm\./, 'fc_norm.'],
  [/\.mlp\.ffn_ln\./, '.mlp.norm.'],
  [/\.attn\.inner_attn_ln\./, '.attn.norm.'],
  [/\.mlp\.w12\./, '.mlp.fc1.'],
  [/\.mlp\.w1\./, '.mlp.fc1_g.'],
  [/\.mlp\.w2\./, '.mlp.fc1_x.'],
  [/\.mlp\.w3\./, '.mlp.fc2.'],
]
