import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Side of a digit, and its number of pixels. */
export const side = 28
export const pixels = side * side
/** Number of digits, on which no model was trained. */
const count = 1000

/** The thousand digits of digits.bin.gz, one byte a pixel, and their labels. */
export function heldOutDigits(): { readonly images: Uint8Array[]; readonly labels: number[] } {
  const stored = gunzipSync(readFileSync(new URL('digits.bin.gz', import.meta.url)))
  const images = Array.from({ length: count }, (_, i) => stored.subarray(pixels * i, pixels * (i + 1)))
  return { images, labels: [...stored.subarray(pixels * count)] }
}
