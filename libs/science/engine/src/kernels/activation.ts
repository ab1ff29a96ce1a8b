import { runOperator } from '../operator.ts'
import type { Tensor } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { add, multiply, subtract, sum, unary } from './primitives.ts'
import { softmaxAlong } from './softmax-along.ts'

/**
 * Runs a TensorFlow operator that multiplies a gradient by an activation's derivative. The order of the inputs differs
 * between operators.
 */
function derivative(name: 'ReluGrad' | 'Relu6Grad' | 'SigmoidGrad', first: Tensor, second: Tensor): Tensor {
  return runOperator(name, { T: { type: 'float32' } }, [first, second])[0]!
}

/**
 * Defines an element-wise activation. `forward` gives the result and then what else `gradient` needs; `savedOutputs`
 * says which of these `gradient` reads.
 */
function defineActivation(
  name: string,
  savedOutputs: readonly boolean[],
  forward: (x: Tensor) => Tensor[],
  gradient: (gradient: Tensor, ...saved: Tensor[]) => Tensor,
): <T extends Tensor>(x: T) => T {
  const kernel = defineKernel<'x', object>({
    name: `Gauntlet${name}`,
    forward: ({ x }) => forward(x),
    savedInputs: [],
    savedOutputs,
    gradient: (ofY, saved) => ({ x: () => gradient(ofY, ...saved) }),
  })
  return (x) => kernel({ x }, {})[0] as never
}

const result = [true]

/** max(x, 0). Its gradient at 0 is 0. */
export const relu = defineActivation(
  'Relu',
  result,
  (x) => [unary('Relu', x)],
  (ofY, y) => derivative('ReluGrad', ofY, y!),
)

/**
 * min(max(x, 0), 6). Its gradient is 0 at 0 and at 6, as PyTorch's is. It is computed from the output, so that the
 * input need not be kept.
 */
export const relu6 = defineActivation(
  'Relu6',
  result,
  (x) => [unary('Relu6', x)],
  (ofY, y) => derivative('Relu6Grad', ofY, y!),
)

/** 1 / (1 + exp(−x)). */
export const sigmoid = defineActivation(
  'Sigmoid',
  result,
  (x) => [unary('Sigmoid', x)],
  (ofY, y) => derivative('SigmoidGrad', y!, ofY),
)

/**
 * Defines an activation that keeps its derivative for the gradient instead of the two or three tensors that the
 * derivative is made of. That is a third of what a wide layer would keep. Programs without a gradient do not compute
 * it.
 */
const byDerivative = (name: string, valueAndDerivative: (x: Tensor) => [value: Tensor, derivative: Tensor]) =>
  defineActivation(name, [false, true], valueAndDerivative, (ofY, derived) => multiply(ofY, derived!))

/** x σ(x), also called swish (arXiv:1702.03118). Its derivative is σ + x σ (1 − σ). */
export const silu = byDerivative('Silu', (x) => {
  const gate = unary('Sigmoid', x)
  return [multiply(x, gate), add(gate, derivative('SigmoidGrad', gate, x))]
})

/** x σ(1.702 x), CLIP's approximation of GELU (openai/CLIP, model.py). */
export const quickGelu = byDerivative('QuickGelu', (x) => {
  const steeper = multiply(x, 1.702)
  const gate = unary('Sigmoid', steeper)
  return [multiply(x, gate), add(gate, derivative('SigmoidGrad', gate, steeper))]
})

/**
 * x Φ(x) by the error function (arXiv:1606.08415), as `torch.nn.GELU()`. Its derivative is Φ + x exp(−x²/2) / √(2π).
 */
export const gelu = byDerivative('Gelu', (x) => {
  const distribution = multiply(add(unary('Erf', multiply(x, Math.SQRT1_2)), 1), 0.5)
  const density = unary('Exp', multiply(unary('Square', x), -0.5))
  return [multiply(x, distribution), add(distribution, multiply(multiply(x, density), 1 / Math.sqrt(2 * Math.PI)))]
})

/** relu6(x + 3) / 6 (MobileNetV3, arXiv:1905.02244, section 5.2). */
export const hardSigmoid = defineActivation(
  'HardSigmoid',
  [false, true],
  (x) => {
    const clipped = unary('Relu6', add(x, 3))
    return [multiply(clipped, 1 / 6), clipped]
  },
  (ofY, clipped) => multiply(derivative('Relu6Grad', ofY, clipped!), 1 / 6),
)

/**
 * x relu6(x + 3) / 6 (MobileNetV3, arXiv:1905.02244, section 5.2). Its derivative is 0 at −3 and 1 at 3, where
 * PyTorch's is −1/2 and 3/2.
 */
export const hardSwish = byDerivative('HardSwish', (x) => {
  const clipped = unary('Relu6', add(x, 3))
  return [multiply(multiply(x, clipped), 1 / 6), multiply(add(clipped, derivative('Relu6Grad', x, clipped)), 1 / 6)]
})

/** exp(x) divided by its sum along the last axis. */
export const softmax = defineActivation(
  'Softmax',
  result,
  (x) => [softmaxAlong(x)],
  (ofY, y) => multiply(subtract(ofY, sum(multiply(ofY, y!), [y!.rank - 1], true)), y!),
)
