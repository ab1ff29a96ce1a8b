import type { Rgb8Image } from './rgb8-image.ts'

/** A BMP whose pixels are not compressed (BITMAPINFOHEADER of Windows 3.1 and its longer successors). */
interface BmpHeader {
  readonly width: number
  readonly height: number
  /** Whether the first row is the top one. */
  readonly isTopDown: boolean
  readonly bits: number
  readonly pixels: number
  readonly palette: number
}

const [noCompression, masks] = [0, 3]

/** Size and layout of a BMP; undefined for one that is damaged, compressed or of another kind. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 54 || view.getUint32(14, true) < 40) return undefined
  const [headerSize, height, bits] = [view.getUint32(14, true), view.getInt32(22, true), view.getUint16(28, true)]
  const compression = view.getUint32(30, true)
  const isPlain = compression === noCompression || (compression === masks && bits === 32)
  if (!isPlain || ![1, 4, 8, 24, 32].includes(bits)) return undefined
  const width = view.getInt32(18, true)
  if (width <= 0 || height === 0) return undefined
  const pixels = view.getUint32(10, true)
  return { width, height: Math.abs(height), isTopDown: height < 0, bits, pixels, palette: 14 + headerSize }
}

/**
 * Decodes a BMP; alpha is dropped. Undefined where the header or the length is wrong, or where there are more pixels
 * than `mostPixels`, since they may take 24 times the bytes of the file.
 */
export function decodeBmp(bytes: Uint8Array, mostPixels: number): Rgb8Image | undefined {
  const header = readBmpHeader(bytes)
  if (!header) return undefined
  const { width, height, isTopDown, bits, pixels, palette } = header
  const stride = Math.ceil((width * bits) / 32) * 4
  if (pixels + stride * height > bytes.length || width * height > mostPixels) return undefined
  const data = new Uint8Array(3 * width * height)
  for (let y = 0; y < height; y++) {
    const row = pixels + stride * (isTopDown ? y : height - 1 - y)
    for (let x = 0; x < width; x++) {
      const from = bits >= 24 ? row + (x * bits) / 8 : palette + 4 * indexAt(bytes, row, x, bits)
      const to = 3 * (y * width + x)
      data[to] = bytes[from + 2]!
      data[to + 1] = bytes[from + 1]!
      data[to + 2] = bytes[from]!
    }
  }
  return { data, width, height }
}

/** The palette's index of a pixel of 1, 4 or 8 bits, the leftmost in the highest bits. */
function indexAt(bytes: Uint8Array, row: number, x: number, bits: number): number {
  const perByte = 8 / bits
  const byte = bytes[row + Math.floor(x / perByte)]!
  return (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1)
}
