import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import sharp from 'sharp'
import type { Severity } from './portfolio.ts'

/** libjpeg's quality. */
const qualities = { 1: 25, 2: 18, 3: 15, 4: 10, 5: 7 } as const

/**
 * Compresses the image to a JPEG file and decodes it: with libjpeg's tables at a low quality and halved chroma (4:2:0),
 * without mozjpeg's own tables.
 */
export async function jpegCompression({ data, width, height }: Rgb8Image, severity: Severity): Promise<Rgb8Image> {
  const options = {
    quality: qualities[severity],
    chromaSubsampling: '4:2:0',
    mozjpeg: false,
    optimiseCoding: false,
    progressive: false,
  }
  const file = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg(options)
    .toBuffer()
  const decoded = await sharp(file).toColourspace('srgb').raw().toBuffer()
  return { data: new Uint8Array(decoded), width, height }
}
