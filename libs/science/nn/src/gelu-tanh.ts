import { type Tensor } from '@gauntlet/engine'

/**
 * GELU by a hyperbolic tangent (arXiv:1606.08415, section 2): ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), as
 * `torch.nn.functional.gelu(approximate='tanh')`. Same shape out.
 */
export function geluTanh<T extends Tensor>(x: T): T {
  const inner = x
    .square()
    .mul(x)
    .mul(0.044715)
    .add(x)
    .mul(Math.sqrt(2 / Math.PI))
  return x.mul(0.5).mul(inner.tanh().add(1))
}
