import { runOperator, type OperatorAttribute } from '../operator.ts'
import { tf, type Tensor, type Tensor3D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { integers } from './primitives.ts'

/** `order`: the index of the token that each position takes. `inverse`: the permutation back. */
export interface TokenPermutation {
  readonly order: readonly number[]
  readonly inverse: readonly number[]
}

const int32: OperatorAttribute = { type: 'int32' }

const kernel = defineKernel<'x', TokenPermutation>({
  name: 'GauntletTokenPermutation',
  forward: ({ x }, { order }) => [gather(x, order)],
  savedInputs: [],
  gradient: (gradient, _, { inverse }) => ({ x: () => gather(gradient, inverse) }),
})

/** The permutation with the given order, which has each of 0 … n − 1 once. */
export function tokenPermutation(order: readonly number[]): TokenPermutation {
  const inverse = new Array<number>(order.length)
  order.forEach((from, to) => (inverse[from] = to))
  return { order, inverse }
}

/**
 * Permutes the tokens of every image: token i of the result is token order[i] of x. It takes one copy, and one copy
 * back in the gradient, where tfjs's gradient of a gather would sum over segments. x: [batch, tokens, width]; same
 * shape out.
 */
export function permuteTokens(x: Tensor3D, permutation: TokenPermutation): Tensor3D {
  return kernel({ x }, permutation)[0] as Tensor3D
}

function gather(x: Tensor, order: readonly number[]): Tensor {
  const types = { Tparams: { type: 'float32' }, Tindices: int32, Taxis: int32 } as const
  return runOperator('GatherV2', types, [x, integers(order), tf.scalar(1, 'int32')])[0]!
}
