import { runOperator, type OperatorAttribute } from '../operator.ts'
import type { Tensor, Tensor2D, Tensor4D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { reshape } from './primitives.ts'

const float32: OperatorAttribute = { type: 'float32' }
const complex64: OperatorAttribute = { type: 'complex64' }

const kernel = defineKernel<'x' | 'turns', object>({
  name: 'GauntletPairRotation',
  forward: ({ x, turns }) => [realPairs(complexProduct(complexOf(x), complexOf(turns)), x.shape)],
  savedInputs: ['turns'],
  gradient: (gradient, [turns]) => ({
    x: () => {
      const back = runOperator('Conj', { T: complex64 }, [complexOf(turns!)])[0]!
      return realPairs(complexProduct(complexOf(gradient), back), gradient.shape)
    },
  }),
})

/**
 * Rotates each pair of neighbours (x₀, x₁) of the last axis to (x₀ cos − x₁ sin, x₁ cos + x₀ sin), as rotary position
 * embeddings do (RoFormer, arXiv:2104.09864, equation 34). On complex numbers that is one product. To separate the
 * neighbours, negate one and interleave them again would take five times as long. x: [batch, heads, tokens, width];
 * turns: [tokens, width], cosine and sine in turn, which has no gradient.
 */
export function rotatePairs(x: Tensor4D, turns: Tensor2D): Tensor4D {
  return kernel({ x, turns }, {})[0] as Tensor4D
}

/** Reads pairs of the last axis as complex numbers, without a copy. */
function complexOf(x: Tensor): Tensor {
  const pairs = reshape(x, [...x.shape.slice(0, -1), x.shape.at(-1)! / 2, 2])
  return runOperator('Bitcast', { T: float32, type: complex64 }, [pairs])[0]!
}

function realPairs(x: Tensor, shape: readonly number[]): Tensor {
  return reshape(runOperator('Bitcast', { T: complex64, type: float32 }, [x])[0]!, shape)
}

function complexProduct(a: Tensor, b: Tensor): Tensor {
  return runOperator('Mul', { T: complex64 }, [a, b])[0]!
}
