import type { Tensor2D, Tensor4D } from '@gauntlet/engine'
import type { Parameters, ParameterSpecification } from '@gauntlet/nn'

/** A classifier of 28 × 28 grey digits, which these tests also have in PyTorch. */
export interface DigitModel {
  /** Its tensors, under PyTorch's names. */
  readonly specifications: readonly ParameterSpecification[]
  /** [batch, 28, 28, 1] in [0, 1]; [batch, 10] out. */
  logits(images: Tensor4D, parameters: Parameters): Tensor2D
}

/** The weight and bias of a layer. shape: the weight's in PyTorch. */
export function layerSpecification(
  name: string,
  kind: 'convolution' | 'linear',
  shape: readonly number[],
): ParameterSpecification[] {
  const weight = { name: `${name}.weight`, shape, kind, trainable: true, decayed: true }
  return [weight, plainSpecification(`${name}.bias`, [shape[0]!])]
}

/** The weight and bias of a layer norm. */
export function normSpecification(name: string, features: number): ParameterSpecification[] {
  return ['weight', 'bias'].map((part) => plainSpecification(`${name}.${part}`, [features]))
}

/** A trained tensor that has the same layout in tfjs as in PyTorch. */
export function plainSpecification(name: string, shape: readonly number[]): ParameterSpecification {
  return { name, shape, kind: 'plain', trainable: true, decayed: false }
}
