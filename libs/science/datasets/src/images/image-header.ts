import sharp from 'sharp'
import { readBmpHeader } from './bmp.ts'
import type { ImageEncoding } from '../manifest.ts'

/** What the first bytes of an image say. */
export interface ImageHeader {
  readonly encoding: Exclude<ImageEncoding, 'rgb8'>
  readonly width: number
  readonly height: number
}

/** The encoding and size of an image, by its content and not by its name; undefined for other bytes. */
export async function readImageHeader(bytes: Uint8Array): Promise<ImageHeader | undefined> {
  const encoding = encodingOf(bytes)
  if (encoding === undefined) return undefined
  const size =
    encoding === 'png' ? pngSize(bytes) : encoding === 'jpeg' ? readJpegFrame(bytes) : await otherSize(bytes, encoding)
  return size && { encoding, width: size.width, height: size.height }
}

function encodingOf(bytes: Uint8Array): ImageHeader['encoding'] | undefined {
  const text = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end))
  if (text(0, 4) === '\x89PNG') return 'png'
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'jpeg'
  if (text(0, 3) === 'GIF') return 'gif'
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp'
  if (text(0, 4) === 'II*\0' || text(0, 4) === 'MM\0*') return 'tiff'
  return text(0, 2) === 'BM' ? 'bmp' : undefined
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function pngSize(bytes: Uint8Array) {
  const view = viewOf(bytes)
  const isWhole = bytes.length >= 33 && view.getUint32(12) === 0x49484452
  return isWhole ? { width: view.getUint32(16), height: view.getUint32(20) } : undefined
}

async function otherSize(bytes: Uint8Array, encoding: 'gif' | 'webp' | 'tiff' | 'bmp') {
  if (encoding === 'bmp') return readBmpHeader(bytes)
  return sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined)
}

/**
 * Reads a JPEG's segments up to its frame header (ITU-T T.81, B.2.2: SOF0 … SOF15 without DHT, JPG and DAC), which
 * gives its size and number of colours.
 */
export function readJpegFrame(bytes: Uint8Array): { width: number; height: number; colours: number } | undefined {
  const view = viewOf(bytes)
  for (let at = 2; at + 10 <= view.byteLength && view.getUint8(at) === 0xff;) {
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame)
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), colours: view.getUint8(at + 9) }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2) // 0xff may fill the space before a marker
  }
  return undefined
}
