import type { Tensor, Tensor4D } from '@gauntlet/engine'

/** One number of every image, as it multiplies or divides images: [batch] → [batch, 1, 1, 1]. */
export function perImage(values: Tensor): Tensor4D {
  return values.reshape([-1, 1, 1, 1])
}
