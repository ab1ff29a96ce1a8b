import sharp from 'sharp'
import { decodeBmp } from './bmp.ts'
import { readJpegFrame } from './image-header.ts'
import { InvalidDataset } from '../invalid-dataset.ts'
import type { ImageEncoding } from '../manifest.ts'
import type { Rgb8Image } from './rgb8-image.ts'

/** Most pixels of an image: 8,192 × 8,192. */
const largestImage = 2 ** 26

/** What is wrong with the size of an image that is not decoded because of it; undefined for others. */
export function wrongSize({ width, height }: { width: number; height: number }): string | undefined {
  if (width * height > largestImage) return `has ${width} × ${height} pixels, more than ${largestImage}`
  return width * height === 0 ? `has ${width} × ${height} pixels` : undefined
}

/**
 * Decodes stored bytes as `PIL.Image.open(…).convert('RGB')` does: colour profiles, gamma and EXIF orientation are not
 * applied, transparency is dropped, grey becomes three equal channels, of several frames or pages the first counts, and
 * of 16 bits the upper 8.
 *
 * Departure: Pillow makes almost every pixel of grey images of 16 bits white, as it clips them at 255; here they, too,
 * keep their upper 8 bits.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { encoding, width, height }: { encoding: ImageEncoding; width: number; height: number },
): Promise<Rgb8Image> {
  const wrong = wrongSize({ width, height })
  if (wrong !== undefined) throw new InvalidDataset(`An image ${wrong}; replace the source file.`)
  const image = encoding === 'rgb8' ? { data: bytes, width, height } : await decodeCompressed(bytes, encoding)
  if (image.width !== width || image.height !== height || image.data.length !== 3 * width * height) {
    throw new InvalidDataset(
      `An image says it is ${width} × ${height} but holds ${image.width} × ${image.height} pixels; replace the source file.`,
    )
  }
  return image
}

async function decodeCompressed(bytes: Uint8Array, encoding: Exclude<ImageEncoding, 'rgb8'>): Promise<Rgb8Image> {
  try {
    if (encoding === 'bmp') return decodeBmp(bytes, largestImage) ?? refuseBmp()
    return (await hasInks(bytes, encoding)) ? await decodeInks(bytes) : await decodeColours(bytes)
  } catch (error) {
    throw new InvalidDataset(
      `An image is not a readable ${encoding.toUpperCase()} (${firstLine(error)}); replace the source file.`,
    )
  }
}

function refuseBmp(): never {
  throw new Error('it is damaged, compressed, too large or of a rare kind')
}

async function decodeColours(bytes: Uint8Array): Promise<Rgb8Image> {
  const pipeline = opened(bytes).removeAlpha().toColourspace('srgb')
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  if (info.channels !== 3) throw new Error(`${info.channels} channels`)
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width: info.width, height: info.height }
}

/** Whether an image has the four colours of print (CMYK). */
async function hasInks(bytes: Uint8Array, encoding: ImageEncoding): Promise<boolean> {
  if (encoding === 'jpeg') return readJpegFrame(bytes)?.colours === 4
  return encoding === 'tiff' && (await opened(bytes).metadata()).space === 'cmyk'
}

/** CMYK to RGB as Pillow does without colour profiles (src/libImaging/Convert.c, `cmyk2rgb`). */
async function decodeInks(bytes: Uint8Array): Promise<Rgb8Image> {
  const pipeline = opened(bytes).pipelineColourspace('cmyk').toColourspace('cmyk')
  const { data: inks, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (channels < 4) throw new Error(`${channels} inks`)
  const data = new Uint8Array(3 * width * height)
  for (let from = 0, to = 0; to < data.length; from += channels, to += 3) {
    const light = 255 - inks[from + 3]!
    for (let ink = 0; ink < 3; ink++) {
      const product = inks[from + ink]! * light + 128
      data[to + ink] = Math.max(0, light - ((product + (product >> 8)) >> 8))
    }
  }
  return { data, width, height }
}

function opened(bytes: Uint8Array) {
  return sharp(bytes, { failOn: 'error', limitInputPixels: largestImage, ignoreIcc: true })
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!
}
