import { tf, type Tensor, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import { attention, conv2d, gelu, linear, type Parameters, type ParameterSpecification } from '@gauntlet/nn'
import { layerNormSpecification, linearSpecification } from '../specifications.ts'

/** Query, key and value of a block's attention, each [batch, heads, tokens, width / heads]. */
export type QueryKeyValue = readonly [query: Tensor4D, key: Tensor4D, value: Tensor4D]

/**
 * Embeds squares of `patch` × `patch` pixels as tokens, row by row. x: [batch, side, side, in]; [batch, (side /
 * patch)², out] out.
 */
export function patchTokens(x: Tensor4D, parameters: Parameters, patch: number): Tensor3D {
  const patches = conv2d(x, parameters, { stride: patch, padding: 0 })
  const [batch, height, width, features] = patches.shape
  return patches.reshape([batch, height * width, features])
}

/**
 * Puts learned tokens before all others. x: [batch, tokens, width]; each of `learned`: [1, count, width]. They are
 * added to zeros, since the gradient of tiling would be computed image by image.
 */
export function prependTokens(learned: readonly Tensor3D[], x: Tensor3D): Tensor3D {
  const [batch, , width] = x.shape
  const rows = learned.map((tokens) => tf.zeros([batch, tokens.shape[1], width]).add<Tensor3D>(tokens))
  return rows.length === 0 ? x : tf.concat([...rows, x], 1)
}

/** Splits the last axis into heads. x: [batch, tokens, width]; [batch, heads, tokens, width / heads] out. */
export function splitHeads(x: Tensor3D, heads: number): Tensor4D {
  const [batch, tokens, width] = x.shape
  return x.reshape<Tensor4D>([batch, tokens, heads, width / heads]).transpose([0, 2, 1, 3])
}

/**
 * Query, key and value from one projection, with one transposition for all three. projected: [batch, tokens, 3 ·
 * width].
 */
export function splitQueryKeyValue(projected: Tensor3D, heads: number): QueryKeyValue {
  const [batch, tokens, width] = projected.shape
  const parts = projected.reshape([batch, tokens, 3, heads, width / 3 / heads]).transpose([2, 0, 3, 1, 4])
  const [query, key, value] = tf.unstack(parts) as Tensor4D[]
  return [query!, key!, value!]
}

/** The inverse of `splitHeads`. */
export function mergeHeads(x: Tensor4D): Tensor3D {
  const [batch, heads, tokens, width] = x.shape
  return x.transpose([0, 2, 1, 3]).reshape([batch, tokens, heads * width])
}

/**
 * Attention scaled by 1 / √width of a head, whose heads are merged and projected. `bias` is added to the scores.
 * [batch, tokens of the query, width] out.
 */
export function projectedAttention(
  [query, key, value]: QueryKeyValue,
  projection: Parameters,
  bias?: Tensor,
): Tensor3D {
  const scale = 1 / Math.sqrt(query.shape[3])
  return linear(mergeHeads(attention(query, key, value, bias ? { scale, bias } : { scale })), projection)
}

/** Two linear layers with an activation between them, for each token. x: [batch, tokens, width]; same shape out. */
export function mlp(x: Tensor3D, parameters: Parameters, activation: (x: Tensor3D) => Tensor3D = gelu): Tensor3D {
  return linear(activation(linear(x, parameters.at('fc1'))), parameters.at('fc2'))
}

/** The tensors of `norm1`, the attention, `norm2` and the MLP, in the order of timm's blocks. */
export function blockSpecification(
  name: string,
  width: number,
  attentionTensors: readonly ParameterSpecification[],
  mlpTensors: readonly ParameterSpecification[],
): ParameterSpecification[] {
  return [
    ...layerNormSpecification(`${name}.norm1`, width),
    ...attentionTensors,
    ...layerNormSpecification(`${name}.norm2`, width),
    ...mlpTensors,
  ]
}

/**
 * The MLP of a block. The second layer reads `read` of the first one's channels, which are all of them unless given.
 */
export function mlpSpecification(
  name: string,
  width: number,
  hidden = 4 * width,
  read = hidden,
): ParameterSpecification[] {
  return [...linearSpecification(`${name}.fc1`, hidden, width), ...linearSpecification(`${name}.fc2`, width, read)]
}

/** The classifier, or nothing where the published checkpoint has none. */
export function headSpecification(name: string, classes: number, features: number): ParameterSpecification[] {
  return classes === 0 ? [] : linearSpecification(name, classes, features)
}
