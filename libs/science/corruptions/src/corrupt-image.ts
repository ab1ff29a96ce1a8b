import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import type { RandomKey } from '@gauntlet/engine/random'
import type { CorruptionName } from '@gauntlet/study'
import { brightness } from './brightness.ts'
import { contrast } from './contrast.ts'
import { defocusBlur } from './defocus-blur.ts'
import { elasticTransform } from './elastic-transform.ts'
import { impulseNoise } from './impulse-noise.ts'
import { jpegCompression } from './jpeg-compression.ts'
import { motionBlur } from './motion-blur.ts'
import { pixelate } from './pixelate.ts'
import { knownCorruption, knownSeverity, type Severity } from './portfolio.ts'
import { shotNoise } from './shot-noise.ts'
import { snow } from './snow.ts'
import { zoomBlur } from './zoom-blur.ts'

/** A corruption of an image at its own size, to one of the same size. Those without randomness ignore the key. */
type Corruption = (image: Rgb8Image, severity: Severity, key: RandomKey) => Rgb8Image | Promise<Rgb8Image>

const corruptions: Readonly<Record<CorruptionName, Corruption>> = {
  shot_noise: shotNoise,
  impulse_noise: impulseNoise,
  defocus_blur: defocusBlur,
  motion_blur: motionBlur,
  zoom_blur: zoomBlur,
  snow,
  brightness,
  contrast,
  elastic_transform: elasticTransform,
  pixelate,
  jpeg_compression: jpegCompression,
}

/**
 * Corrupts one image at its own size with the constants and arithmetic of ImageNet-C for images of any size
 * (`imagecorruptions` 1.1.2). If the key holds the image's digest, the result depends on seed, image, corruption and
 * severity alone. Throws `InvalidInput` for other names and severities, `RangeError` for other images than RGB.
 */
export async function corruptImage(
  image: Rgb8Image,
  name: string,
  severity: number,
  key: RandomKey,
): Promise<Rgb8Image> {
  const known = knownCorruption(name)
  const strength = knownSeverity(severity)
  if (image.width < 1 || image.height < 1 || image.data.length !== 3 * image.width * image.height) {
    throw new RangeError(`${image.data.length} bytes are not an RGB image of ${image.width} × ${image.height}.`)
  }
  return corruptions[known](image, strength, { ...key, purpose: `${key.purpose}/${known}-${strength}` })
}
