/** A grid of pixels of `channels` values each. */
export interface PixelGrid {
  /** [height, width, channels] */
  readonly values: Float64Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/**
 * Smears a grid along a straight line. The result is the weighted sum of 2 radius + 1 copies, each moved one step
 * further, whose weights fall as half a Gaussian does. Borders that move in repeat the edge. As in the reference, the
 * sum ends without rescaling once a copy has left a small image.
 */
export function smear(
  grid: PixelGrid,
  { radius, deviation, degrees }: { radius: number; deviation: number; degrees: number },
): Float64Array {
  const steps = 2 * radius + 1
  const raw = Array.from(
    { length: steps },
    (_, i) => Math.exp(-(i ** 2) / (2 * deviation ** 2)) / (Math.sqrt(2 * Math.PI) * deviation),
  )
  const total = raw.reduce((sum, weight) => sum + weight, 0)
  const angle = degrees * (Math.PI / 180)
  const [rise, run] = [steps * Math.sin(angle), steps * Math.cos(angle)]
  const length = Math.hypot(rise, run)
  const smeared = new Float64Array(grid.values.length)
  for (let i = 0; i < steps; i++) {
    const dy = -Math.ceil((i * rise) / length - 0.5)
    const dx = -Math.ceil((i * run) / length - 0.5)
    if (Math.abs(dy) >= grid.height || Math.abs(dx) >= grid.width) break
    addMoved(smeared, grid, dx, dy, raw[i]! / total)
  }
  return smeared
}

/** Adds a weighted copy of the grid, moved right by dx and down by dy. */
function addMoved(
  sum: Float64Array,
  { values, width, height, channels }: PixelGrid,
  dx: number,
  dy: number,
  weight: number,
): void {
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.min(Math.max(y - dy, 0), height - 1) * width
    for (let x = 0; x < width; x++) {
      const from = channels * (row + Math.min(Math.max(x - dx, 0), width - 1))
      for (let channel = 0; channel < channels; channel++, to++) sum[to]! += weight * values[from + channel]!
    }
  }
}
