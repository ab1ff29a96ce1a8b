import type { Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'

/** Refuses images of any other side. images: [batch, side, side, 3]. */
export function requireSide(images: Tensor4D, side: number, id: string): void {
  const [, height, width] = images.shape
  if (height === side && width === side) return
  throw new InvalidInput(
    `${id} has a position for each of its patches and computes with ${side} × ${side} pixels only, not ${height} × ${width}; set the study's resolution to ${side}.`,
  )
}

/** Refuses images that are not square or whose side is not a multiple of `step`. images: [batch, side, side, 3]. */
export function requireMultiple(images: Tensor4D, step: number, id: string): void {
  const [, height, width] = images.shape
  if (height === width && height % step === 0) return
  throw new InvalidInput(
    `${id} computes with squares whose side is a multiple of ${step} pixels, not with ${height} × ${width}; set the study's resolution to one.`,
  )
}
