/**
 * CoaT (Xu et al., "Co-Scale Conv-Attentional Image Transformers", arXiv:2104.06399; github.com/mlpc-ucsd/CoaT,
 * Apache-2.0): four scales one after the other, then, but in CoaT-Lite, three of them side by side. Names, shapes and
 * arithmetic are timm's (timm 1.0.31).
 *
 * Modules are shared: all blocks of one scale have one position encoding (`cpe1` … `crpe4`), and the three scales of a
 * parallel block one MLP. PyTorch's `state_dict` lists such a module once for every owner (220 of CoaT-Tiny's 546
 * names). The model reads and trains the first name. The others are `sharedWith` it: a checkpoint must have them with
 * the same numbers, and they are written to checkpoints.
 */
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import {
  depthwiseConv2d,
  layerNorm,
  linear,
  normalise,
  resizeBilinear,
  softmax,
  type Parameters,
  type ParameterSpecification,
} from '@gauntlet/nn'
import { coaTFamily } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { requireMultiple } from '../fixed-resolution.ts'
import { familyModels, type FamilyModel, type PublishedModel } from '../published-model.ts'
import {
  biasSpecification,
  convolutionSpecification,
  depthwiseSpecification,
  layerNormSpecification,
  linearSpecification,
  decayedSpecification,
} from '../specifications.ts'
import { mlp, mlpSpecification, patchTokens, prependTokens } from './transformer.ts'

/** A CoaT as data (arXiv:2104.06399, tables 1 and 2), by scale from the finest. */
interface Variant {
  readonly widths: Four
  readonly depths: Four
  /** The width inside an MLP over its own. */
  readonly mlpRatios: Four
  /** Blocks of the last three scales side by side; CoaT-Lite has none. */
  readonly parallelBlocks: number
}
type Four = readonly [number, number, number, number]

const coaTOf = (coarse: number): Variant => ({
  widths: [152, coarse, coarse, coarse],
  depths: [2, 2, 2, 2],
  mlpRatios: [4, 4, 4, 4],
  parallelBlocks: 6,
})
const lite = (widths: Four, depths: Four, mlpRatios: Four): Variant => ({
  widths,
  depths,
  mlpRatios,
  parallelBlocks: 0,
})
const medium = lite([128, 256, 320, 512], [3, 6, 10, 8], [4, 4, 4, 4])

const variants: Readonly<Record<string, Variant>> = {
  coat_tiny: coaTOf(152),
  coat_mini: coaTOf(216),
  coat_small: coaTOf(320),
  coat_lite_tiny: lite([64, 128, 256, 320], [2, 2, 2, 2], [8, 8, 4, 4]),
  coat_lite_mini: lite([64, 128, 320, 512], [2, 2, 2, 2], [8, 8, 4, 4]),
  coat_lite_small: lite([64, 128, 320, 512], [3, 4, 6, 3], [8, 8, 4, 4]),
  coat_lite_medium: medium,
  coat_lite_medium_384: medium,
}

export const coaTModels = familyModels([coaTFamily], variants, coaT)

const heads = 8
/** The side of a patch, in pixels of the scale before. */
const patches = [4, 2, 2, 2] as const
/** The numbers of the scales, from the finest, and of those that also run side by side. */
const allScales = [1, 2, 3, 4] as const
const parallelScales = [2, 3, 4] as const
/** [kernel, heads] of the convolutional relative position encoding (arXiv:2104.06399, section 3.1). */
const windows = [
  [3, 2],
  [5, 3],
  [7, 3],
] as const
/** The side must be a multiple of this, so that every coarser scale has half the side of the finer one. */
const sideStep = 32
const blockEpsilon = 1e-6
const patchEpsilon = 1e-5

/** The class token and the places of one scale as tokens: [batch, 1 + side², width]. */
interface Scale {
  readonly tokens: Tensor3D
  readonly side: number
}

function coaT(variant: Variant, { id, normalisation }: PublishedModel): FamilyModel {
  const { widths, parallelBlocks } = variant
  return {
    features: widths[3],
    classifier: 'head',
    specifications: (classes) => specifications(classes, variant),
    convertCheckpoint: (arrays) => convertCheckpoint(arrays, variant),
    logits: (images, parameters) => {
      requireMultiple(images, sideStep, id)
      const coarser = serialScales(normalise(images, normalisation), parameters, variant).slice(1)
      const features =
        parallelBlocks > 0
          ? aggregate(coScale(coarser, parameters, parallelBlocks), parameters)
          : classToken(coarser.at(-1)!, parameters.at('norm4')).squeeze<Tensor2D>([1])
      return linear(features, parameters.at('head'))
    },
  }
}

/** The four scales, each computed from the one before. x: [batch, side, side, 3], normalised. */
function serialScales(x: Tensor4D, parameters: Parameters, { depths }: Variant): Scale[] {
  const found: Scale[] = []
  let image = x
  for (const name of allScales) {
    const patch = patches[name - 1]!
    const embedding = parameters.at(`patch_embed${name}`)
    const side = image.shape[1] / patch
    const embedded = layerNorm(patchTokens(image, embedding.at('proj'), patch), embedding.at('norm'), {
      epsilon: patchEpsilon,
    })
    let tokens = prependTokens([parameters.tensor(`cls_token${name}`)], embedded)
    for (let block = 0; block < depths[name - 1]!; block++)
      tokens = tf.tidy(() => serialBlock({ tokens, side }, parameters, name, block))
    found.push({ tokens, side })
    image = places({ tokens, side })
  }
  return found
}

/** Conv-attention and MLP, each with a norm before it (arXiv:2104.06399, fig. 4). [batch, 1 + side², width] out. */
function serialBlock(scale: Scale, parameters: Parameters, name: number, block: number): Tensor3D {
  const own = parameters.at(`serial_blocks${name}.${block}`)
  const x = positioned(scale, parameters.at(`cpe${name}`))
  const normed = layerNorm(x, own.at('norm1'), { epsilon: blockEpsilon })
  const attended = convAttention({ ...scale, tokens: normed }, own.at('factoratt_crpe'), parameters.at(`crpe${name}`))
  const y = x.add<Tensor3D>(attended)
  return y.add(mlp(layerNorm(y, own.at('norm2'), { epsilon: blockEpsilon }), own.at('mlp')))
}

/**
 * The parallel blocks with feature interpolation (arXiv:2104.06399, section 3.2), from the three coarser scales to the
 * same three.
 */
function coScale(coarser: readonly Scale[], parameters: Parameters, parallelBlocks: number): Scale[] {
  let current = [...coarser]
  for (let block = 0; block < parallelBlocks; block++) {
    const own = parameters.at(`parallel_blocks.${block}`)
    const given = current.map((scale, i) => {
      return { ...scale, tokens: positioned(scale, parameters.at(`cpe${parallelScales[i]!}`)) }
    })
    const attended = given.map((scale, i) => {
      const name = parallelScales[i]!
      const normed = layerNorm(scale.tokens, own.at(`norm1${name}`), { epsilon: blockEpsilon })
      return {
        ...scale,
        tokens: convAttention(
          { ...scale, tokens: normed },
          own.at(`factoratt_crpe${name}`),
          parameters.at(`crpe${name}`),
        ),
      }
    })
    current = given.map((scale, i) => {
      const y = scale.tokens.add<Tensor3D>(gathered(attended, scale.side))
      const normed = layerNorm(y, own.at(`norm2${parallelScales[i]!}`), { epsilon: blockEpsilon })
      return { ...scale, tokens: y.add<Tensor3D>(mlp(normed, own.at('mlp2'))) }
    })
  }
  return current
}

/** The sum of all scales, resized to one side; class tokens are not resized. [batch, 1 + side², width] out. */
function gathered(all: readonly Scale[], side: number): Tensor3D {
  const images = all.map((scale) => resizeBilinear(places(scale), side, side))
  const classTokens = all.map(({ tokens }) => tokens.slice([0, 0, 0], [-1, 1, -1]))
  const sum = <T extends Tensor>(terms: T[]) => terms.reduce((a, b) => a.add<T>(b))
  const width = images[0]!.shape[3]
  return tf.concat([sum(classTokens), sum(images).reshape<Tensor3D>([-1, side * side, width])], 1)
}

/** The places of a scale as an image, without its class token: [batch, side, side, width]. */
function places({ tokens, side }: Scale): Tensor4D {
  return tokens.slice([0, 1, 0], [-1, side * side, -1]).reshape([-1, side, side, tokens.shape[2]])
}

/** An image as tokens, after a class token of zeros: [batch, 1 + side², channels]. */
function underZeros(image: Tensor4D): Tensor3D {
  const [batch, height, width, channels] = image.shape
  return image.reshape<Tensor3D>([batch, height * width, channels]).pad([[0, 0], [1, 0], [0, 0]]) // prettier-ignore
}

/**
 * Convolutional position encoding (arXiv:2104.06399, equation 9): adds a depthwise convolution to the places. [batch, 1
 * + side², width] out.
 */
function positioned(scale: Scale, parameters: Parameters): Tensor3D {
  return scale.tokens.add(underZeros(depthwiseConv2d(places(scale), parameters.at('proj'), { padding: 1 })))
}

/**
 * Factorised attention with convolutional relative position encoding, q (softmax(k)ᵀ v) / √width of a head + q ∘
 * convolved v (arXiv:2104.06399, equations 4 to 8). [batch, 1 + side², width] in and out. One product computes all
 * heads, and a mask keeps each head to its own channels. That is eight times the multiplications in a step that has
 * few, and saves the transpositions that heads of 19 channels would need.
 */
function convAttention({ tokens, side }: Scale, parameters: Parameters, encoding: Parameters): Tensor3D {
  const [query, key, value] = tf.split(linear(tokens, parameters.at('qkv')), 3, 2) as [Tensor3D, Tensor3D, Tensor3D]
  const weights = softmax(key.transpose<Tensor3D>([0, 2, 1])) // over the tokens, of each channel
  const context = tf.matMul(weights, value).mul<Tensor3D>(headMask(tokens.shape[2]))
  const attended = tf.matMul(query, context)
  const relative = underZeros(relativePositions(places({ tokens: value, side }), encoding)).mul<Tensor3D>(query)
  return linear(attended.add<Tensor3D>(relative), parameters.at('proj'))
}

const knownMasks = new Map<number, Float32Array>()

/** 1 / √width of a head where row and column belong to the same head, else 0. [width, width]. */
function headMask(width: number): Tensor2D {
  const known = knownMasks.get(width)
  if (known) return tf.tensor2d(known, [width, width])
  const headWidth = width / heads
  const mask = Float32Array.from({ length: width * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width]
    return Math.floor(row / headWidth) === Math.floor(column / headWidth) ? 1 / Math.sqrt(headWidth) : 0
  })
  knownMasks.set(width, mask)
  return tf.tensor2d(mask, [width, width])
}

/**
 * Depthwise convolutions with several kernels, each for its own heads. values: [batch, side, side, width]; same shape
 * out.
 */
function relativePositions(values: Tensor4D, parameters: Parameters): Tensor4D {
  const channels = windows.map((window) => channelsOf(window, values.shape[3]))
  const groups = tf.split(values, channels, 3) as Tensor4D[]
  const convolved = groups.map((group, i) => {
    return depthwiseConv2d(group, parameters.at(`conv_list.${i}`), { padding: (windows[i]![0] - 1) / 2 })
  })
  return tf.concat(convolved, 3)
}

/** The channels of the heads of a window, of `width` in all. */
function channelsOf([, ownHeads]: (typeof windows)[number], width: number): number {
  return (ownHeads * width) / heads
}

/**
 * The class tokens of the three scales, weighted by a learned number each (arXiv:2104.06399, section 3.3). [batch,
 * width] out.
 */
function aggregate(coarser: readonly Scale[], parameters: Parameters): Tensor2D {
  const classTokens = coarser.map((scale, i) => classToken(scale, parameters.at(`norm${parallelScales[i]!}`)))
  const weight = parameters.tensor('aggregate.weight').reshape([parallelScales.length, 1])
  const weighed = tf.concat(classTokens, 1).mul(weight).sum<Tensor2D>(1)
  return weighed.add(parameters.tensor<Tensor1D>('aggregate.bias'))
}

/** The class token of a scale after its norm: [batch, 1, width]. */
function classToken({ tokens }: Scale, norm: Parameters): Tensor3D {
  return layerNorm(tokens.slice([0, 0, 0], [-1, 1, -1]), norm, { epsilon: blockEpsilon })
}

function specifications(classes: number, variant: Variant): ParameterSpecification[] {
  const { widths, depths, parallelBlocks } = variant
  const isLite = parallelBlocks === 0
  const numbered = (count: number, of: (i: number) => ParameterSpecification[]) =>
    Array.from({ length: count }, (_, i) => of(i)).flat()
  return [
    ...allScales.map((scale) => decayedSpecification(`cls_token${scale}`, [1, 1, widths[scale - 1]!])),
    ...allScales.flatMap((scale) => patchSpecification(scale, widths)),
    ...allScales.flatMap((scale) => positionSpecification(scale, variant)),
    ...allScales.flatMap((scale) => relativePositionSpecification(scale, variant)),
    ...allScales.flatMap((scale) =>
      numbered(depths[scale - 1]!, (i) => serialSpecification(`serial_blocks${scale}.${i}`, scale, variant)),
    ),
    ...numbered(parallelBlocks, (i) => parallelSpecification(`parallel_blocks.${i}`, variant)),
    ...(isLite ? [4] : parallelScales).flatMap((scale) => layerNormSpecification(`norm${scale}`, widths[3])),
    ...(isLite ? [] : [aggregateWeight, biasSpecification('aggregate', 1)]),
    ...linearSpecification('head', classes, widths[3]),
  ]
}

const aggregateWeight: ParameterSpecification = {
  name: 'aggregate.weight',
  shape: [1, parallelScales.length, 1],
  kind: 'convolution1d',
  trainable: true,
  decayed: true,
}

function patchSpecification(scale: number, widths: Four): ParameterSpecification[] {
  const [patch, width, input] = [patches[scale - 1]!, widths[scale - 1]!, widths[scale - 2] ?? 3]
  const name = `patch_embed${scale}`
  return [
    convolutionSpecification(`${name}.proj`, width, input, patch),
    biasSpecification(`${name}.proj`, width),
    ...layerNormSpecification(`${name}.norm`, width),
  ]
}

function positionSpecification(scale: number, { widths }: Variant): ParameterSpecification[] {
  const width = widths[scale - 1]!
  return [depthwiseSpecification(`cpe${scale}.proj`, width, 3), biasSpecification(`cpe${scale}.proj`, width)]
}

function relativePositionSpecification(scale: number, { widths }: Variant): ParameterSpecification[] {
  return windows.flatMap((window, i) => {
    const [name, channels] = [`crpe${scale}.conv_list.${i}`, channelsOf(window, widths[scale - 1]!)]
    return [depthwiseSpecification(name, channels, window[0]), biasSpecification(name, channels)]
  })
}

function serialSpecification(name: string, scale: number, variant: Variant): ParameterSpecification[] {
  const [width, ratio] = [variant.widths[scale - 1]!, variant.mlpRatios[scale - 1]!]
  return [
    ...shared(positionSpecification(scale, variant), `cpe${scale}`, `${name}.cpe`),
    ...layerNormSpecification(`${name}.norm1`, width),
    ...attentionSpecification(`${name}.factoratt_crpe`, scale, variant),
    ...layerNormSpecification(`${name}.norm2`, width),
    ...mlpSpecification(`${name}.mlp`, width, ratio * width),
  ]
}

function parallelSpecification(name: string, variant: Variant): ParameterSpecification[] {
  const width = variant.widths[3]
  const first = mlpSpecification(`${name}.mlp2`, width, variant.mlpRatios[1] * width)
  const norms = (sublayer: number) =>
    parallelScales.flatMap((scale) => layerNormSpecification(`${name}.norm${sublayer}${scale}`, width))
  return [
    ...norms(1),
    ...parallelScales.flatMap((scale) => attentionSpecification(`${name}.factoratt_crpe${scale}`, scale, variant)),
    ...norms(2),
    ...first,
    ...shared(first, `${name}.mlp2`, `${name}.mlp3`),
    ...shared(first, `${name}.mlp2`, `${name}.mlp4`),
  ]
}

function attentionSpecification(name: string, scale: number, variant: Variant): ParameterSpecification[] {
  const width = variant.widths[scale - 1]!
  return [
    ...linearSpecification(`${name}.qkv`, 3 * width, width),
    ...linearSpecification(`${name}.proj`, width, width),
    ...shared(relativePositionSpecification(scale, variant), `crpe${scale}`, `${name}.crpe`),
  ]
}

/** The tensors again, under the name of another owner. */
function shared(
  specifications: readonly ParameterSpecification[],
  module: string,
  owner: string,
): ParameterSpecification[] {
  return specifications.map((first) => {
    const name = owner + first.name.slice(module.length)
    return { ...first, name, trainable: false, decayed: false, sharedWith: first.name }
  })
}

/**
 * Leaves out the norms of scales that the authors' checkpoints have and no model uses. timm's filter does the same.
 */
function convertCheckpoint(arrays: readonly NamedArray[], { parallelBlocks }: Variant): NamedArray[] {
  const unused = parallelBlocks > 0 ? /^norm1\./ : /^norm[123]\./
  return arrays.filter(({ name }) => !unused.test(name))
}
