/** Factors around 1, and the order of the three changes: 0 brightness, 1 contrast, 2 saturation. */
export interface ColorJitter {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly order: readonly number[]
}

/** Jitters an image in place, as torchvision's `ColorJitter` does a float tensor. image: [pixels, 3], in [0, 1]. */
export function jitterColors(image: Float32Array, { brightness, contrast, saturation, order }: ColorJitter): void {
  for (const change of order) {
    if (change === 0) scaleBrightness(image, brightness)
    else if (change === 1) scaleContrast(image, contrast)
    else scaleSaturation(image, saturation)
  }
}

/** Blends the image with black. */
function scaleBrightness(image: Float32Array, factor: number): void {
  for (let i = 0; i < image.length; i++) image[i] = clamp(factor * image[i]!)
}

/** Blends the image with its mean grey. */
function scaleContrast(image: Float32Array, factor: number): void {
  let sum = 0
  for (let i = 0; i < image.length; i += 3) sum += greyAt(image, i)
  const rest = (1 - factor) * (sum / (image.length / 3))
  for (let i = 0; i < image.length; i++) image[i] = clamp(factor * image[i]! + rest)
}

/** Blends each pixel with its own grey. */
function scaleSaturation(image: Float32Array, factor: number): void {
  for (let i = 0; i < image.length; i += 3) {
    const rest = (1 - factor) * greyAt(image, i)
    for (let channel = i; channel < i + 3; channel++) image[channel] = clamp(factor * image[channel]! + rest)
  }
}

/** The ITU-R 601 luma, with torchvision's four decimals. */
function greyAt(image: Float32Array, i: number): number {
  return 0.2989 * image[i]! + 0.587 * image[i + 1]! + 0.114 * image[i + 2]!
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value
}
