import { tokenPermutation, type TokenPermutation } from '@gauntlet/engine'

/**
 * An order of the tokens of a stage: window by window, after the image was moved up and to the left by `shift`. A place
 * of the image is row · side + column.
 */
export interface WindowLayout {
  /** The side of the image in tokens, a multiple of the window. */
  readonly side: number
  readonly window: number
  readonly shift: number
}

/** The place of the image at each position of a layout. */
export function placesOf({ side, window, shift }: WindowLayout): number[] {
  const across = side / window
  return Array.from({ length: side * side }, (_, position) => {
    const [index, inside] = [Math.floor(position / window ** 2), position % window ** 2]
    const row = Math.floor(index / across) * window + Math.floor(inside / window)
    const column = (index % across) * window + (inside % window)
    return ((row + shift) % side) * side + ((column + shift) % side)
  })
}

/** The permutation from the rows of the image to a layout. */
export function intoWindows(layout: WindowLayout): TokenPermutation {
  return tokenPermutation(placesOf(layout))
}

/** The permutation from one layout of an image to another. */
export function betweenLayouts(from: WindowLayout, to: WindowLayout): TokenPermutation {
  const position = tokenPermutation(placesOf(from)).inverse
  return tokenPermutation(placesOf(to).map((place) => position[place]!))
}

/**
 * The permutation from a layout to the layout of half the side, with the four tokens that are merged next to each
 * other: upper left, lower left, upper right, lower right (timm `PatchMerging`).
 */
export function intoMergedWindows(from: WindowLayout, to: WindowLayout): TokenPermutation {
  const position = tokenPermutation(placesOf(from)).inverse
  return tokenPermutation(
    placesOf(to).flatMap((place) => {
      const [row, column] = [2 * Math.floor(place / to.side), 2 * (place % to.side)]
      const parts = [row, row + 1].map(
        (r) => [position[r * from.side + column]!, position[r * from.side + column + 1]!] as const,
      )
      return [parts[0]![0], parts[1]![0], parts[0]![1], parts[1]![1]]
    }),
  )
}

/**
 * The mask between tokens that the shift brought into one window from opposite sides of the image: −100 between them,
 * else 0 (timm `get_attn_mask`). [windows, 1, window², window²] as a flat array.
 */
export function shiftMask(layout: WindowLayout): Float32Array {
  const { side, window, shift } = layout
  const area = window ** 2
  const wrapped = (coordinate: number) => coordinate < shift // from the upper or left edge
  const regions = placesOf(layout).map((place) => {
    return (wrapped(Math.floor(place / side)) ? 2 : 0) + (wrapped(place % side) ? 1 : 0)
  })
  return Float32Array.from({ length: side * side * area }, (_, i) => {
    const [query, key] = [Math.floor(i / area), i % area]
    return regions[query] === regions[Math.floor(query / area) * area + key] ? 0 : -100
  })
}
