import type { Tensor, Tensor4D } from '@gauntlet/engine'

/** One number for each image, in the shape that multiplies images: [batch] → [batch, 1, 1, 1]. */
export function perImage(values: Tensor): Tensor4D {
  return values.reshape([-1, 1, 1, 1])
}
