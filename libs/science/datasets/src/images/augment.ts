import { permutation, uniform } from '@gauntlet/engine/random'
import type { Augmentation } from '@gauntlet/study'
import { jitterColors, type ColorJitter } from './color-jitter.ts'
import { movePixels } from './move-pixels.ts'
import { unitOfLevel } from './unit-of-level.ts'

/** What keys the random numbers of an augmentation, besides the image. */
export interface AugmentationKey {
  readonly seed: number
  readonly epoch: number
}

/**
 * Augments a training image as the study does: a flip with probability ½, then colour jitter, then a rotation
 * (torchvision's `RandomHorizontalFlip`, `ColorJitter` and `RandomRotation` of PIL images). Random numbers are keyed by
 * seed, epoch and image digest, so that an image changes in the same way in any batch, order and shard. image: [side,
 * side, 3], a byte a channel, whose content is lost; into: the same shape, in [0, 1]. Throws `RangeError` where the
 * image is not square.
 */
export function augment(
  image: Uint8Array,
  digest: string,
  augmentation: Augmentation,
  { seed, epoch }: AugmentationKey,
  into: Float32Array,
): void {
  const side = Math.round(Math.sqrt(image.length / 3))
  if (3 * side * side !== image.length) throw new RangeError(`${image.length} values are no square RGB image.`)
  const { jitter, ...movement } = drawAugmentation(augmentation, { seed, epoch, digest })
  const levels = augmentation.colorJitter > 0 ? jitterColors(image, jitter) : undefined
  movePixels(image, side, movement, levels ? Float32Array.from(levels, (level) => level / 255) : unitOfLevel, into)
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
