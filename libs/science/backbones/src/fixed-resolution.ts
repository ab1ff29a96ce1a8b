import type { Tensor4D } from '@gauntlet/engine'

/** A model was given images of a size that it does not compute with. A retry does not help. */
export class ResolutionUnsupported extends Error {
  override readonly name = 'ResolutionUnsupported'
}

/** Refuses images of any other side. images: [batch, side, side, 3]. */
export function requireSide(images: Tensor4D, side: number, id: string): void {
  const [, height, width] = images.shape
  if (height === side && width === side) return
  throw new ResolutionUnsupported(
    `${id} has a position for each of its patches and computes with ${side} × ${side} pixels only, not ${height} × ${width}; set the study's resolution to ${side}.`,
  )
}

/** Refuses images that are not square or whose side is not a multiple of `step`. images: [batch, side, side, 3]. */
export function requireMultiple(images: Tensor4D, step: number, id: string): void {
  const [, height, width] = images.shape
  if (height === width && height % step === 0) return
  throw new ResolutionUnsupported(
    `${id} computes with squares whose side is a multiple of ${step} pixels, not with ${height} × ${width}; set the study's resolution to one.`,
  )
}
