import { runOperator, type OperatorAttribute } from '../operator.ts'
import { tf, type Tensor1D, type Tensor4D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { sumToLastAxis } from './primitives.ts'

interface Attributes {
  readonly epsilon: number
}

/** The result of normalising a batch by its own statistics. */
export interface NormalisedBatch {
  readonly y: Tensor4D
  /** Per channel. */
  readonly mean: Tensor1D
  /**
   * Per channel, divided by count − 1 (Bessel's correction), as TensorFlow returns it and PyTorch's running variance
   * needs it.
   */
  readonly unbiasedVariance: Tensor1D
}

const trainingKernel = defineKernel<'x' | 'scale' | 'offset', Attributes>({
  name: 'GauntletBatchNormalisationTraining',
  forward: ({ x, scale, offset }, { epsilon }) => {
    const none = tf.tensor1d([], 'float32')
    return runOperator('FusedBatchNormV3', operatorAttributes(epsilon, true), [x, scale, offset, none, none], 6)
  },
  savedInputs: ['x', 'scale'],
  savedOutputs: [false, false, false, true, true, true],
  // One operator computes all three gradients, so it runs at once. If a thunk ran it, the tidy around that thunk would
  // dispose of the other two results.
  gradient: (gradient, [x, scale, ...reserved], { epsilon }) => {
    const inputs = [gradient, x!, scale!, ...reserved]
    const [ofX, ofScale, ofOffset] = runOperator('FusedBatchNormGradV3', gradientAttributes(epsilon, true), inputs, 5)
    return { x: () => ofX!, scale: () => ofScale!, offset: () => ofOffset! }
  },
})

const evaluationKernel = defineKernel<'x' | 'scale' | 'offset' | 'mean' | 'variance', Attributes>({
  name: 'GauntletBatchNormalisationEvaluation',
  forward: (inputs, { epsilon }) => {
    const { x, scale, offset, mean, variance } = inputs
    return runOperator(
      'FusedBatchNormV3',
      operatorAttributes(epsilon, false),
      [x, scale, offset, mean, variance],
      6,
    ).slice(0, 1)
  },
  savedInputs: ['x', 'scale', 'mean', 'variance'],
  gradient: (gradient, [x, scale, mean, variance], { epsilon }) => {
    const inverseDeviation = variance!.add(epsilon).rsqrt()
    return {
      x: () => gradient.mul(scale!.mul(inverseDeviation)),
      scale: () => sumToLastAxis(gradient.mul(x!.sub(mean!))).mul(inverseDeviation),
      offset: () => sumToLastAxis(gradient),
    }
  },
})

/** Normalises by the batch's own statistics, with the population variance. x: [batch, height, width, channels]. */
export function normaliseBatch(x: Tensor4D, scale: Tensor1D, offset: Tensor1D, epsilon: number): NormalisedBatch {
  const [y, mean, unbiasedVariance] = trainingKernel({ x, scale, offset }, { epsilon })
  return { y: y as Tensor4D, mean: mean as Tensor1D, unbiasedVariance: unbiasedVariance as Tensor1D }
}

/** Normalises by given statistics, which have no gradient. x: [batch, height, width, channels]. */
export function normaliseByStatistics(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
  mean: Tensor1D,
  variance: Tensor1D,
  epsilon: number,
): Tensor4D {
  return evaluationKernel({ x, scale, offset, mean, variance }, { epsilon })[0] as Tensor4D
}

function gradientAttributes(epsilon: number, training: boolean): Record<string, OperatorAttribute> {
  return {
    T: { type: 'float32' },
    U: { type: 'float32' },
    epsilon: { real: epsilon },
    data_format: 'NHWC',
    is_training: training,
  }
}

function operatorAttributes(epsilon: number, training: boolean): Record<string, OperatorAttribute> {
  return { ...gradientAttributes(epsilon, training), exponential_avg_factor: { real: 1 } }
}
