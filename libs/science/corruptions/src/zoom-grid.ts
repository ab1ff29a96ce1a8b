import type { PixelGrid } from './motion-path.ts'

/**
 * Magnifies the middle of a grid by linear interpolation, as scipy's `ndimage.zoom` of order 1 does with a centred
 * crop: corners come to lie on corners. The result is at least as large as the grid.
 */
export function zoomGrid(grid: PixelGrid, factor: number): PixelGrid {
  const rows = zoomAxis(grid.height, factor)
  const columns = zoomAxis(grid.width, factor)
  const zoomed = new Float64Array(rows.length * columns.length * grid.channels)
  for (const [y, row] of rows.entries()) zoomRow(grid, row, columns, zoomed, y * columns.length * grid.channels)
  return { values: zoomed, width: columns.length, height: rows.length, channels: grid.channels }
}

/** Writes one magnified row. */
function zoomRow(
  { values, width, channels }: PixelGrid,
  row: Interpolation,
  columns: readonly Interpolation[],
  zoomed: Float64Array,
  start: number,
): void {
  const [upper, lower] = [row.low * width, row.high * width]
  let to = start
  for (const { low, high, part } of columns) {
    for (let channel = 0; channel < channels; channel++, to++) {
      const top =
        values[(upper + low) * channels + channel]! * (1 - part) + values[(upper + high) * channels + channel]! * part
      const bottom =
        values[(lower + low) * channels + channel]! * (1 - part) + values[(lower + high) * channels + channel]! * part
      zoomed[to] = top * (1 - row.part) + bottom * row.part
    }
  }
}

/** The top left part of a grid. → [height, width, channels] */
export function cropGrid({ values, width: from, channels }: PixelGrid, width: number, height: number): Float64Array {
  const cropped = new Float64Array(height * width * channels)
  for (let y = 0; y < height; y++)
    cropped.set(values.subarray(y * from * channels, (y * from + width) * channels), y * width * channels)
  return cropped
}

/** Two neighbouring source indices, and how far from the first to the second a point lies. */
interface Interpolation {
  readonly low: number
  readonly high: number
  readonly part: number
}

/** The source indices between which each index of the magnified axis lies. */
function zoomAxis(length: number, factor: number): Interpolation[] {
  const cropped = Math.ceil(length / factor)
  const first = Math.floor((length - cropped) / 2)
  const magnified = roundHalfToEven(cropped * factor)
  const scale = magnified > 1 ? (cropped - 1) / (magnified - 1) : 1
  return Array.from({ length: magnified }, (_, i) => {
    const position = Math.min(i * scale, cropped - 1)
    const low = Math.floor(position)
    return { low: first + low, high: first + Math.min(low + 1, cropped - 1), part: position - low }
  })
}

/** Rounds as Python's `round` does. */
function roundHalfToEven(value: number): number {
  const low = Math.floor(value)
  return value - low === 0.5 ? low + (low % 2) : Math.round(value)
}
