import sharp from 'sharp'
import { InvalidDataset } from './invalid-dataset.ts'
import type { ImageEncoding } from './manifest.ts'
import type { Rgb8Image } from './rgb8-image.ts'

/** Most pixels of an image: 8,192 × 8,192. */
export const largestImage = 2 ** 26

/**
 * Decodes stored bytes as `PIL.Image.open(…).convert('RGB')` does: colour profiles, gamma and EXIF orientation are not
 * applied, transparency is dropped, and grey becomes three equal channels.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { encoding, width, height }: { encoding: ImageEncoding; width: number; height: number },
): Promise<Rgb8Image> {
  const image = encoding === 'rgb8' ? { data: bytes, width, height } : await decodeCompressed(bytes, encoding)
  if (image.width !== width || image.height !== height || image.data.length !== 3 * width * height) {
    throw new InvalidDataset(
      `An image says it is ${width} × ${height} but holds ${image.width} × ${image.height} pixels; replace the source file.`,
    )
  }
  return image
}

async function decodeCompressed(bytes: Uint8Array, encoding: 'png' | 'jpeg'): Promise<Rgb8Image> {
  try {
    const pipeline = sharp(bytes, { failOn: 'error', limitInputPixels: largestImage, ignoreIcc: true })
    const { data, info } = await pipeline
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    if (info.channels !== 3) throw new Error(`${info.channels} channels`)
    return {
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      width: info.width,
      height: info.height,
    }
  } catch (error) {
    throw new InvalidDataset(
      `An image is not a readable ${encoding.toUpperCase()} (${firstLine(error)}); replace the source file.`,
    )
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!
}

/** The encoding and size that the first bytes of a compressed image give; undefined for other bytes. */
export function readImageHeader(
  bytes: Uint8Array,
): { encoding: 'png' | 'jpeg'; width: number; height: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length >= 33 && view.getUint32(0) === 0x89504e47 && view.getUint32(12) === 0x49484452) {
    return { encoding: 'png', width: view.getUint32(16), height: view.getUint32(20) }
  }
  return bytes.length >= 4 && view.getUint16(0) === 0xffd8 ? readJpegHeader(view) : undefined
}

/** Reads a JPEG's segments up to its frame header (ITU-T T.81, B.2.2: SOF0 … SOF15 without DHT, JPG and DAC). */
function readJpegHeader(view: DataView): { encoding: 'jpeg'; width: number; height: number } | undefined {
  for (let at = 2; at + 9 <= view.byteLength && view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { encoding: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
  }
  return undefined
}
