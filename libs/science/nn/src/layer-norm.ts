import { normaliseLayer, type Tensor } from '@gauntlet/engine'
import type { Parameters } from './parameters.ts'

/**
 * `torch.nn.LayerNorm` over the last axis (arXiv:1607.06450), with the population variance. x: [..., features]; same
 * shape out.
 */
export function layerNorm<T extends Tensor>(
  x: T,
  parameters: Parameters,
  { epsilon }: { readonly epsilon: number },
): T {
  return normaliseLayer(x, parameters.tensor('weight'), parameters.tensor('bias'), epsilon)
}
