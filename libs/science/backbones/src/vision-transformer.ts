/**
 * Vision Transformer (Dosovitskiy et al., "An Image is Worth 16×16 Words", arXiv:2010.11929) and DeiT (Touvron et al.,
 * arXiv:2012.12877), which is the same model, trained otherwise. Weights: AugReg (arXiv:2106.10270), DINO
 * (arXiv:2104.14294), DeiT: Apache-2.0; LAION's CLIP (arXiv:2212.07143): MIT; MAE (arXiv:2111.06377): CC BY-NC 4.0; the
 * robust ones: nmndeep/revisiting-at (arXiv:2303.01870). Names, shapes and arithmetic are timm's
 * (`vision_transformer.py`, timm 1.0.31).
 */
import { tf, type Tensor1D, type Tensor2D, type Tensor3D } from '@gauntlet/engine'
import { layerNorm, linear, normalise, Parameters, type ParameterSpecification } from '@gauntlet/nn'
import { deitFamily, vitFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { requireSide } from './fixed-resolution.ts'
import { publishedModel } from './published-model.ts'
import { convertOpenClip } from './openclip-checkpoint.ts'
import { unwrapRobustCheckpoint } from './robust-checkpoint.ts'
import {
  biasSpecification,
  convolutionSpecification,
  layerNormSpecification,
  linearSpecification,
  decayedSpecification,
} from './specifications.ts'
import {
  projectedAttention,
  blockSpecification,
  headSpecification,
  mlp,
  mlpSpecification,
  patchTokens,
  prependToken,
  splitHeads,
  splitQueryKeyValue,
} from './transformer.ts'

interface Size {
  readonly width: number
  readonly heads: number
}

/** Widths and heads (arXiv:2012.12877, table 1). */
const tiny: Size = { width: 192, heads: 3 }
const small: Size = { width: 384, heads: 6 }
const base: Size = { width: 768, heads: 12 }

interface Variant {
  readonly size: Size
  /**
   * Whether it is the trunk of a CLIP, which has a norm before the blocks instead of a bias of the patches, and a
   * larger epsilon.
   */
  readonly clip?: true
  /** Whether the checkpoint is inside other modules. */
  readonly wrapped?: true
}

const variants: Readonly<Record<string, Variant>> = {
  'vit_small_patch16_224.augreg_in1k': { size: small },
  'vit_small_patch16_224.augreg_in21k': { size: small },
  'vit_small_patch16_224.augreg_in21k_ft_in1k': { size: small },
  'vit_small_patch16_224.dino': { size: small },
  'vit_base_patch16_224.augreg_in1k': { size: base },
  'vit_base_patch16_224.augreg_in21k': { size: base },
  'vit_base_patch16_224.augreg_in21k_ft_in1k': { size: base },
  'vit_base_patch16_224.mae': { size: base },
  'vit_base_patch16_clip_224.laion2b': { size: base, clip: true },
  'vit_base_patch16_clip_224.laion2b_ft_in1k': { size: base, clip: true },
  robust_vit_base_patch16_224: { size: base, wrapped: true },
  'deit_tiny_patch16_224.fb_in1k': { size: tiny },
  'deit_small_patch16_224.fb_in1k': { size: small },
  robust_deit_small_patch16_224: { size: small, wrapped: true },
}

const side = 224
const patch = 16
const depth = 12

export const visionTransformerModels: FamilyModels = { ids: Object.keys(variants), build: visionTransformer }

/** A ViT or DeiT by its name, or `undefined` if there is none of that name. */
function visionTransformer(id: string, contract: InputContract): Backbone | undefined {
  const variant = variants[id]
  if (!variant) return undefined
  const { side: _, ...published } = publishedModel(id in deitFamily.backbones ? deitFamily : vitFamily, id, contract)
  const { normalisation } = published
  return {
    ...published,
    features: variant.size.width,
    resolution: { native: side, minimum: side },
    classifier: 'head',
    specifications: (classes) => specifications(variant, classes),
    convertCheckpoint: (arrays) =>
      convertCheckpoint(
        variant.wrapped ? unwrapRobustCheckpoint(arrays, contract === 'none' ? undefined : normalisation) : arrays,
      ),
    logits: (images, parameters) => {
      requireSide(images, side, id)
      const patches = patchTokens(normalise(images, normalisation), parameters.at('patch_embed.proj'), patch)
      return linear(classFeatures(patches, parameters, variant), parameters.at('head'))
    },
  }
}

/** The class token after all blocks. patches: [batch, 196, width]; [batch, width] out. */
function classFeatures(patches: Tensor3D, parameters: Parameters, { size, clip }: Variant): Tensor2D {
  const epsilon = clip ? 1e-5 : 1e-6
  let x: Tensor3D = prependToken(parameters.tensor('cls_token'), patches).add(parameters.tensor('pos_embed'))
  if (clip) x = layerNorm(x, parameters.at('norm_pre'), { epsilon })
  for (let i = 0; i < depth - 1; i++) x = tf.tidy(() => block(x, parameters.at(`blocks.${i}`), size.heads, epsilon))
  const token = lastBlock(x, parameters.at(`blocks.${depth - 1}`), size.heads, epsilon)
  return layerNorm(token.squeeze<Tensor2D>([1]), parameters.at('norm'), { epsilon })
}

/** Transformer block (arXiv:2010.11929, equations 2 and 3). x: [batch, 197, width]; same shape out. */
function block(x: Tensor3D, parameters: Parameters, heads: number, epsilon: number): Tensor3D {
  const normed = layerNorm(x, parameters.at('norm1'), { epsilon })
  const parts = splitQueryKeyValue(linear(normed, parameters.at('attn.qkv')), heads)
  const y: Tensor3D = x.add(projectedAttention(parts, parameters.at('attn.proj')))
  return y.add(mlp(layerNorm(y, parameters.at('norm2'), { epsilon }), parameters.at('mlp')))
}

/**
 * The last block. Only its class token is read, so only that token has a query and passes the MLP; the other tokens
 * give keys and values. This saves some seven percent of the model. x: [batch, 197, width]; [batch, 1, width] out.
 */
function lastBlock(x: Tensor3D, parameters: Parameters, heads: number, epsilon: number): Tensor3D {
  const token = x.slice([0, 0, 0], [-1, 1, -1])
  const normed = layerNorm(x, parameters.at('norm1'), { epsilon })
  const [query, key, value] = [0, 1, 2].map((part) => {
    const from = part === 0 ? normed.slice([0, 0, 0], [-1, 1, -1]) : normed
    return splitHeads(linear(from, thirdOf(parameters.at('attn.qkv'), part)), heads)
  })
  const y: Tensor3D = token.add(projectedAttention([query!, key!, value!], parameters.at('attn.proj')))
  return y.add(mlp(layerNorm(y, parameters.at('norm2'), { epsilon }), parameters.at('mlp')))
}

/** The query's, key's or value's third of their common projection: the columns from `part` times a third on. */
function thirdOf(projection: Parameters, part: number): Parameters {
  const weight = projection.tensor<Tensor2D>('weight')
  const [inputs, third] = [weight.shape[0], weight.shape[1] / 3]
  return Parameters.of([
    ['weight', weight.slice([0, part * third], [inputs, third])],
    ['bias', projection.tensor<Tensor1D>('bias').slice(part * third, third)],
  ])
}

function specifications({ size: { width }, clip }: Variant, classes: number): ParameterSpecification[] {
  const attention = (name: string) => [
    ...linearSpecification(`${name}.attn.qkv`, 3 * width, width),
    ...linearSpecification(`${name}.attn.proj`, width, width),
  ]
  return [
    decayedSpecification('cls_token', [1, 1, width]),
    decayedSpecification('pos_embed', [1, 1 + (side / patch) ** 2, width]),
    convolutionSpecification('patch_embed.proj', width, 3, patch),
    ...(clip ? layerNormSpecification('norm_pre', width) : [biasSpecification('patch_embed.proj', width)]),
    ...Array.from({ length: depth }, (_, i) => `blocks.${i}`).flatMap((name) =>
      blockSpecification(name, width, attention(name), mlpSpecification(`${name}.mlp`, width)),
    ),
    ...layerNormSpecification('norm', width),
    ...headSpecification('head', classes, width),
  ]
}

/**
 * Converts published files that are not timm's own: open_clip's with both towers, MAE's with the decoder that only
 * training needs, and those from before timm 0.5 with the unused `pre_logits`.
 */
function convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[] {
  return convertOpenClip(arrays).filter(({ name }) => !/^(pre_logits\.|decoder_|mask_token$)/.test(name))
}
