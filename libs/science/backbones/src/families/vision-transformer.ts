/**
 * Vision Transformer (Dosovitskiy et al., "An Image is Worth 16×16 Words", arXiv:2010.11929) and DeiT (Touvron et al.,
 * arXiv:2012.12877, arXiv:2204.07118), which is the same model, trained otherwise. Weights: AugReg (arXiv:2106.10270),
 * DINO (arXiv:2104.14294), DINOv2 (arXiv:2304.07193), DeiT, SigLIP (arXiv:2303.15343): Apache-2.0; LAION's CLIP
 * (arXiv:2212.07143) and OpenAI's: MIT; MAE (arXiv:2111.06377): CC BY-NC 4.0; the robust ones: nmndeep/revisiting-at
 * (arXiv:2303.01870). Names, shapes and arithmetic are timm's (`vision_transformer.py`, `deit.py`; timm 1.0.31).
 */
import { tf, type Tensor1D, type Tensor2D, type Tensor3D } from '@gauntlet/engine'
import {
  gelu,
  geluTanh,
  layerNorm,
  linear,
  normalise,
  Parameters,
  quickGelu,
  silu,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { deitFamily, vitFamily } from '@gauntlet/study'
import { asFloat32, type NamedArray } from '@gauntlet/weights'
import { requireSide } from '../fixed-resolution.ts'
import { convertOpenClip } from '../checkpoints/openclip-checkpoint.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import { resampledGrid } from '../checkpoints/resampled-positions.ts'
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
  mlp,
  mlpSpecification,
  patchTokens,
  prependTokens,
  projectedAttention,
  splitHeads,
  splitQueryKeyValue,
} from './transformer.ts'
import { deitVariants, vitVariants, type VisionTransformerVariant } from './vision-transformer-variants.ts'

/** A variant at the side that it is built for. */
interface Model extends VisionTransformerVariant {
  readonly epsilon: number
  /** The side of the grid of patches. */
  readonly grid: number
  /** The tokens before the patches by name, and how many each is. */
  readonly tokens: readonly (readonly [name: string, count: number])[]
}

export const visionTransformerModels = familyModels(
  [vitFamily, deitFamily],
  { ...vitVariants, ...deitVariants },
  visionTransformer,
)

function visionTransformer(variant: VisionTransformerVariant, published: PublishedModel): FamilyModel {
  const { id, side, normalisation } = published
  const model = modelOf(variant, side)
  return {
    features: variant.width,
    classifier: 'head',
    ...(variant.distilled ? { otherClassifiers: ['head_dist'] } : {}),
    specifications: (classes) => specifications(model, classes),
    convertCheckpoint,
    resizePositions: (array) => resizedPositions(array, model),
    logits(images, parameters) {
      requireSide(images, side, id)
      const embedding = parameters.at('patch_embed.proj')
      return logitsOf(patchTokens(normalise(images, normalisation), embedding, variant.patch), parameters, model)
    },
  }
}

function modelOf(variant: VisionTransformerVariant, side: number): Model {
  const { pool, registers = 0, distilled, clip, patch } = variant
  const tokens = [
    ['cls_token', pool === 'mean' ? 0 : 1],
    ['dist_token', distilled ? 1 : 0],
    ['reg_token', registers],
  ] as const
  return {
    ...variant,
    epsilon: clip ? 1e-5 : 1e-6,
    grid: Math.floor(side / patch),
    tokens: tokens.filter(([, count]) => count > 0),
  }
}

/** patches: [batch, patches, width]; [batch, classes] out. */
function logitsOf(patches: Tensor3D, parameters: Parameters, model: Model): Tensor2D {
  const x = embedded(patches, parameters, model)
  const { depth, distilled, pool } = model
  const last = parameters.at(`blocks.${depth - 1}`)
  if (pool === 'mean') return linear(meanFeatures(block(x, last, model), parameters, model), parameters.at('head'))
  const tokens = normed(lastBlock(x, last, model, distilled ? 2 : 1), parameters, model)
  if (!distilled) return linear(tokens.squeeze<Tensor2D>([1]), parameters.at('head'))
  const [token, distillation] = tf.unstack(tokens, 1) as [Tensor2D, Tensor2D]
  return linear(token, parameters.at('head'))
    .add<Tensor2D>(linear(distillation, parameters.at('head_dist')))
    .div(2)
}

/** The tokens with their positions, after all blocks but the last. [batch, tokens, width] out. */
function embedded(patches: Tensor3D, parameters: Parameters, model: Model): Tensor3D {
  const positions = parameters.tensor<Tensor3D>('pos_embed')
  const learned = model.tokens.map(([name]) => parameters.tensor<Tensor3D>(name))
  let x = model.bareTokens
    ? prependTokens(learned, patches.add(positions))
    : prependTokens(learned, patches).add<Tensor3D>(positions)
  if (model.clip) x = layerNorm(x, parameters.at('norm_pre'), model)
  for (let i = 0; i < model.depth - 1; i++) x = tf.tidy(() => block(x, parameters.at(`blocks.${i}`), model))
  return x
}

/** The mean of all patches, without the tokens before them. x: [batch, tokens, width]; [batch, width] out. */
function meanFeatures(x: Tensor3D, parameters: Parameters, model: Model): Tensor2D {
  const { normFirst, tokens } = model
  const y = normFirst ? normed(x, parameters, model) : x
  const before = tokens.reduce((sum, [, count]) => sum + count, 0)
  const mean: Tensor2D = y.slice([0, before, 0], [-1, -1, -1]).mean(1)
  return normFirst ? mean : layerNorm(mean, parameters.at('fc_norm'), model)
}

function normed(x: Tensor3D, parameters: Parameters, model: Model): Tensor3D {
  return model.lastNorm === 'none' ? x : layerNorm(x, parameters.at('norm'), model)
}

/** Transformer block (arXiv:2010.11929, equations 2 and 3). x: [batch, tokens, width]; same shape out. */
function block(x: Tensor3D, parameters: Parameters, model: Model): Tensor3D {
  const before = layerNorm(x, parameters.at('norm1'), model)
  const parts = splitQueryKeyValue(linear(before, parameters.at('attn.qkv')), model.heads)
  return afterAttention(x, projectedAttention(parts, parameters.at('attn.proj')), parameters, model)
}

/**
 * The last block, where only the first tokens are read. So only these have a query and pass the MLP; the other tokens
 * give keys and values. This saves some seven percent of the model. x: [batch, tokens, width]; [batch, `read`, width]
 * out.
 */
function lastBlock(x: Tensor3D, parameters: Parameters, model: Model, read: number): Tensor3D {
  const before = layerNorm(x, parameters.at('norm1'), model)
  const [query, key, value] = [0, 1, 2].map((part) => {
    const from = part === 0 ? firstTokens(before, read) : before
    return splitHeads(linear(from, thirdOf(parameters.at('attn.qkv'), part)), model.heads)
  })
  const mixed = projectedAttention([query!, key!, value!], parameters.at('attn.proj'))
  return afterAttention(firstTokens(x, read), mixed, parameters, model)
}

/** The rest of a block: both residual sums, and the MLP. */
function afterAttention(x: Tensor3D, mixed: Tensor3D, parameters: Parameters, model: Model): Tensor3D {
  const y: Tensor3D = x.add(scaled(mixed, parameters, 'ls1', model))
  const hidden = mlp(layerNorm(y, parameters.at('norm2'), model), parameters.at('mlp'), activationOf(model))
  return y.add(scaled(hidden, parameters, 'ls2', model))
}

function scaled(x: Tensor3D, parameters: Parameters, name: string, { layerScale }: Model): Tensor3D {
  return layerScale ? x.mul(parameters.tensor(`${name}.gamma`)) : x
}

function activationOf({ activation }: Model): (x: Tensor3D) => Tensor3D {
  switch (activation) {
    case 'quick-gelu':
      return quickGelu
    case 'gelu-tanh':
      return geluTanh
    case 'swiglu': // arXiv:2002.05202, equation 6
      return (x) => {
        const [gate, inner] = tf.split(x, 2, 2) as [Tensor3D, Tensor3D]
        return silu(gate).mul(inner)
      }
    default:
      return gelu
  }
}

function firstTokens(x: Tensor3D, count: number): Tensor3D {
  return x.slice([0, 0, 0], [-1, count, -1])
}

/** The query's, key's or value's third of their common projection: the columns from `part` times a third on. */
function thirdOf(projection: Parameters, part: number): Parameters {
  const weight = projection.tensor<Tensor2D>('weight')
  const [inputs, third] = [weight.shape[0], weight.shape[1] / 3]
  return Parameters.of([
    ['weight', weight.slice([0, part * third], [inputs, third])],
    ...(projection.has('bias')
      ? [['bias', projection.tensor<Tensor1D>('bias').slice(part * third, third)] as const]
      : []),
  ])
}

function specifications(model: Model, classes: number): ParameterSpecification[] {
  const { width, patch, depth, clip, pool, normFirst, lastNorm, distilled } = model
  const norm = pool === 'mean' && !normFirst ? 'fc_norm' : 'norm'
  return [
    ...tokenSpecification(model),
    convolutionSpecification('patch_embed.proj', width, 3, patch),
    ...(clip ? layerNormSpecification('norm_pre', width) : [biasSpecification('patch_embed.proj', width)]),
    ...Array.from({ length: depth }, (_, i) => blockTensors(`blocks.${i}`, model)).flat(),
    ...(lastNorm === 'none' ? [] : layerNormSpecification(norm, width)),
    ...headSpecification('head', classes, width),
    ...(distilled ? headSpecification('head_dist', classes, width) : []),
  ]
}

/** How many tokens before the patches have a position. */
function placeless({ tokens, bareTokens }: Model): number {
  return bareTokens ? 0 : tokens.reduce((sum, [, count]) => sum + count, 0)
}

function resizedPositions(array: NamedArray, model: Model): NamedArray {
  return array.name === 'pos_embed' ? resampledGrid(array, { before: placeless(model), side: model.grid }) : array
}

/** The learned tokens and the positions, in timm's order: a distillation token comes after the positions. */
function tokenSpecification(model: Model): ParameterSpecification[] {
  const { width, grid, tokens } = model
  const learned = tokens.map(([name, count]) => decayedSpecification(name, [1, count, width]))
  const isLate = ({ name }: ParameterSpecification) => name === 'dist_token'
  return [
    ...learned.filter((token) => !isLate(token)),
    decayedSpecification('pos_embed', [1, placeless(model) + grid ** 2, width]),
    ...learned.filter(isLate),
  ]
}

function blockTensors(name: string, model: Model): ParameterSpecification[] {
  const { width, hidden = 4 * width, unbiased, layerScale, activation } = model
  const scale = (part: string) => (layerScale ? [decayedSpecification(`${name}.${part}.gamma`, [width])] : [])
  const query = linearSpecification(`${name}.attn.qkv`, 3 * width, width)
  const attention = [
    ...(unbiased ? query.slice(0, 1) : query),
    ...linearSpecification(`${name}.attn.proj`, width, width),
  ]
  const read = activation === 'swiglu' ? hidden / 2 : hidden
  return blockSpecification(
    name,
    width,
    [...attention, ...scale('ls1')],
    [...mlpSpecification(`${name}.mlp`, width, hidden, read), ...scale('ls2')],
  )
}

/**
 * Converts published files that are not timm's own: open_clip's with both towers, MAE's with the decoder that only
 * training needs, DINOv2's with its registers, DeiT III's names of layer scales, and those from before timm 0.5 with
 * the unused `pre_logits`.
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return withRegisters(convertOpenClip(arrays))
    .filter(({ name }) => !/^(pre_logits\.|decoder_|mask_token$)/.test(name))
    .map((array) => ({ ...array, name: timmName(array.name) }))
}

function timmName(name: string): string {
  return name
    .replace(/^(blocks\.\d+)\.gamma_([12])$/, '$1.ls$2.gamma')
    .replace(/^(blocks\.\d+\.mlp)\.w12\./, '$1.fc1.')
    .replace(/^(blocks\.\d+\.mlp)\.w3\./, '$1.fc2.')
}

/** DINOv2's registers have no position, and the class token's is added to it (timm `_convert_dinov2`). */
function withRegisters(arrays: readonly NamedArray[]): NamedArray[] {
  const [token, positions] = ['cls_token', 'pos_embed'].map((wanted) => arrays.find(({ name }) => name === wanted))
  if (!token || !positions || !arrays.some(({ name }) => name === 'register_tokens')) return [...arrays]
  const [tokens = 1, width = 0] = positions.shape.slice(1)
  const places = asFloat32(positions)
  const summed = asFloat32(token).map((value, i) => value + places[i]!)
  return arrays.map((array) => {
    if (array === token) return { ...token, dtype: 'float32', data: summed }
    if (array === positions)
      return { ...positions, dtype: 'float32', shape: [1, tokens - 1, width], data: places.slice(width) }
    return array.name === 'register_tokens' ? { ...array, name: 'reg_token' } : array
  })
}
