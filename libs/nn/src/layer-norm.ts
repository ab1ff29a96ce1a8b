import { tf, type Tensor, type Tensor1D } from '@gauntlet/engine'
import type { Parameters } from './parameters.ts'

/** `torch.nn.LayerNorm` over the last axis (arXiv:1607.06450), by the population variance. x: [..., features]; same shape out. */
export function layerNorm<T extends Tensor>(x: T, parameters: Parameters, { epsilon }: { readonly epsilon: number }): T {
  const mean = tf.mean(x, -1, true)
  const centred = x.sub(mean)
  const variance = tf.mean(centred.square(), -1, true)
  return centred
    .mul(variance.add(epsilon).rsqrt())
    .mul(parameters.tensor<Tensor1D>('weight'))
    .add(parameters.tensor<Tensor1D>('bias')) as T
}
