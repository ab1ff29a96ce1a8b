import { tf, type Tensor, type Tensor2D } from '@gauntlet/engine'
import type { Parameters } from './parameters.ts'

/** `torch.nn.Linear`. x: [..., in]; `weight` [in, out], `bias` [out], which may be absent; [..., out] out. */
export function linear<T extends Tensor>(x: T, parameters: Parameters): T {
  const weight = parameters.tensor<Tensor2D>('weight')
  const [inputs, outputs] = weight.shape
  const product = tf.matMul(x.reshape<Tensor2D>([-1, inputs]), weight)
  const sum = parameters.has('bias') ? product.add<Tensor2D>(parameters.tensor('bias')) : product
  return sum.reshape([...x.shape.slice(0, -1), outputs]) as T
}
