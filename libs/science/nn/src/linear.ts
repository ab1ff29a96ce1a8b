import { affine, type Tensor, type Tensor1D, type Tensor2D } from '@gauntlet/engine'
import type { Parameters } from './parameters.ts'

/** `torch.nn.Linear`. x: [..., in]; `weight` [in, out]; `bias` [out], which may be absent; [..., out] out. */
export function linear<T extends Tensor>(x: T, parameters: Parameters): T {
  const bias = parameters.has('bias') ? parameters.tensor<Tensor1D>('bias') : undefined
  return affine(x, parameters.tensor<Tensor2D>('weight'), bias)
}
