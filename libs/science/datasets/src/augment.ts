import { permutation, uniform } from '@gauntlet/engine/random'
import type { Augmentation } from '@gauntlet/study'
import { jitterColors, type ColorJitter } from './color-jitter.ts'
import { flipRows, rotateNearest } from './move-pixels.ts'

/** What keys the random numbers of an augmentation, besides the image. */
export interface AugmentationKey {
  readonly seed: number
  readonly epoch: number
}

/**
 * Augments training images as the study does: a flip with probability ½, then colour jitter, then a rotation
 * (torchvision's `RandomHorizontalFlip`, `ColorJitter`, `RandomRotation`). Random numbers are keyed by seed, epoch and
 * image digest, so that an image changes in the same way in any batch, order and shard. images: [count, side, side, 3],
 * in [0, 1], not changed; digests: one for each image; same shape out. Throws `RangeError` where images are not square.
 *
 * Departure: pixels stay real numbers throughout, where torchvision rounds PIL images to bytes after each step.
 */
export function augment(
  images: Float32Array,
  digests: readonly string[],
  augmentation: Augmentation,
  { seed, epoch }: AugmentationKey,
): Float32Array {
  const augmented = images.slice()
  const size = images.length / Math.max(digests.length, 1)
  const side = Math.round(Math.sqrt(size / 3))
  if (3 * side * side !== size && digests.length > 0)
    throw new RangeError(`${images.length} values are not ${digests.length} square RGB images.`)
  for (const [i, digest] of digests.entries()) {
    const draw = drawAugmentation(augmentation, { seed, epoch, digest })
    const image = augmented.subarray(i * size, (i + 1) * size)
    if (draw.flip) flipRows(image, side)
    if (augmentation.colorJitter > 0) jitterColors(image, draw.jitter)
    if (draw.degrees !== 0) rotateNearest(image, side, draw.degrees)
  }
  return augmented
}

/** The changes of one image in one epoch. */
interface AugmentationDraw {
  readonly flip: boolean
  readonly jitter: ColorJitter
  readonly degrees: number
}

function drawAugmentation(
  { horizontalFlip, colorJitter, rotationDegrees }: Augmentation,
  { seed, epoch, digest }: { seed: number; epoch: number; digest: string },
): AugmentationDraw {
  const key = { seed, image: digest, iteration: epoch }
  const [flip, brightness, contrast, saturation, angle] = uniform(
    { ...key, purpose: 'augmentation' },
    5,
  ) as unknown as [number, number, number, number, number]
  const factor = (draw: number) =>
    Math.max(0, 1 - colorJitter) + draw * (1 + colorJitter - Math.max(0, 1 - colorJitter))
  return {
    flip: horizontalFlip && flip < 0.5,
    jitter: {
      brightness: factor(brightness),
      contrast: factor(contrast),
      saturation: factor(saturation),
      order: permutation({ ...key, purpose: 'augmentation-order' }, 3),
    },
    degrees: rotationDegrees * (2 * angle - 1),
  }
}
