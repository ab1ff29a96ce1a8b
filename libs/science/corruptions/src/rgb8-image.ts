/** An image as it is stored: three bytes a pixel, rows from the top, at its own size. */
export interface Rgb8Image {
  /** [height, width, 3], red first. */
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

/** The image with every value in [0, 1], in double precision as the references compute. */
export function unitValues({ data }: Rgb8Image): Float64Array {
  return Float64Array.from(data, (byte) => byte / 255)
}

/** Back to bytes: clipped to [0, 1], scaled, and truncated, as `np.uint8(np.clip(x, 0, 1) * 255)`. */
export function truncatedImage(values: Float64Array, { width, height }: { width: number; height: number }): Rgb8Image {
  const data = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) data[i] = Math.min(Math.max(values[i]!, 0), 1) * 255
  return { data, width, height }
}
