import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'

/** The image's values in [0, 1], in double precision as the references compute. → [height, width, 3] */
export function unitValues({ data }: Rgb8Image): Float64Array {
  return Float64Array.from(data, (byte) => byte / 255)
}

/** The bytes of these values: clipped to [0, 1], scaled and truncated, as `np.uint8(np.clip(x, 0, 1) * 255)` does. */
export function truncatedImage(values: Float64Array, { width, height }: { width: number; height: number }): Rgb8Image {
  const data = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) data[i] = Math.min(Math.max(values[i]!, 0), 1) * 255
  return { data, width, height }
}
