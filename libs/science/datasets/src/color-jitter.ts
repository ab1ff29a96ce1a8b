/** Factors around 1, and the order of the three changes: 0 brightness, 1 contrast, 2 saturation. */
export interface ColorJitter {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly order: readonly number[]
}

/**
 * Jitters an image in place as torchvision's `ColorJitter` does a PIL image: by Pillow's ImageEnhance, one change after
 * another, each rounded to bytes. Results equal Pillow 10's to the bit. image: [pixels, 3], a byte a channel.
 */
export function jitterColors(image: Uint8Array, { brightness, contrast, saturation, order }: ColorJitter): void {
  for (const change of order) {
    if (change === 0) blendWithLevel(image, 0, brightness)
    else if (change === 1) blendWithLevel(image, meanGrey(image), contrast)
    else scaleSaturation(image, saturation)
  }
}

/** Blends the image with one level: black for brightness, its mean grey for contrast. */
function blendWithLevel(image: Uint8Array, level: number, factor: number): void {
  const blended = Uint8Array.from({ length: 256 }, (_, from) => blend(level, from, Math.fround(factor)))
  for (let i = 0; i < image.length; i++) image[i] = blended[image[i]!]!
}

/** Blends each pixel with its own grey. */
function scaleSaturation(image: Uint8Array, factor: number): void {
  const single = Math.fround(factor)
  for (let i = 0; i < image.length; i += 3) {
    const grey = greyAt(image, i)
    image[i] = blend(grey, image[i]!, single)
    image[i + 1] = blend(grey, image[i + 1]!, single)
    image[i + 2] = blend(grey, image[i + 2]!, single)
  }
}

/**
 * Pillow's `Image.blend` (src/libImaging/Blend.c): in single precision, rounded towards zero, clipped where the factor is
 * outside [0, 1].
 */
function blend(from: number, to: number, factor: number): number {
  const value = Math.trunc(Math.fround(from + Math.fround(factor * (to - from))))
  return value < 0 ? 0 : value > 255 ? 255 : value
}

/** The mean of the greys, rounded as `ImageEnhance.Contrast` rounds it. */
function meanGrey(image: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < image.length; i += 3) sum += greyAt(image, i)
  return Math.floor(sum / (image.length / 3) + 0.5)
}

/** Pillow's conversion to `L`: the ITU-R 601 luma in 16 fractional bits (src/libImaging/Convert.c). */
function greyAt(image: Uint8Array, i: number): number {
  return (image[i]! * 19_595 + image[i + 1]! * 38_470 + image[i + 2]! * 7_471 + 0x8000) >> 16
}
