import { imagePixels } from './image-pixels.ts'

/** Factors around 1, and the order of the three changes: 0 brightness, 1 contrast, 2 saturation. */
export interface ColorJitter {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly order: readonly number[]
}

/**
 * Jitters an image as torchvision's `ColorJitter` does a PIL image: by Pillow's ImageEnhance, one change after another,
 * each rounded to bytes. Results equal Pillow 10's to the bit. The image is changed in place, and what is given back
 * says for each of its levels what it stands for: changes of single levels are only looked up, all at once, where
 * pixels are read anyway. image: [pixels, 3], a byte a channel; → [256]
 */
export function jitterColors(image: Uint8Array, { brightness, contrast, saturation, order }: ColorJitter): Uint8Array {
  let levels = sameLevels()
  for (const change of order) {
    if (change === 0) levels = blendedLevels(levels, 0, brightness)
    else if (change === 1) levels = blendedLevels(levels, meanGrey(image, levels), contrast)
    else {
      imagePixels().scaleSaturation(image, levels, saturation)
      levels = sameLevels()
    }
  }
  return levels
}

function sameLevels(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => level)
}

/** Levels blended with one level: black for brightness, the mean grey for contrast. */
function blendedLevels(levels: Uint8Array, level: number, factor: number): Uint8Array {
  const products = productsOf(factor)
  return levels.map((to) => blend(level, products[to - level + 255]!))
}

/** factor × difference in single precision, for the differences −255 to 255. */
function productsOf(factor: number): Float32Array {
  const single = Math.fround(factor)
  return Float32Array.from({ length: 511 }, (_, i) => single * (i - 255))
}

/**
 * Pillow's `Image.blend` of a level with another, of which the factor's product with their difference is given
 * (src/libImaging/Blend.c): in single precision, rounded towards zero, clipped where the factor is outside [0, 1].
 */
function blend(from: number, product: number): number {
  const value = Math.fround(from + product)
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0
}

/** The mean of the greys, rounded as `ImageEnhance.Contrast` rounds it. */
function meanGrey(image: Uint8Array, levels: Uint8Array): number {
  return Math.floor(imagePixels().sumOfGreys(image, levels) / (image.length / 3) + 0.5)
}
