/** How many images an evaluation keeps for whoever looks at what felled them. */
const most = 5

/** An image that a perturbation felled: its place in the test split, and its pixels, [side · side · 3]. */
export interface FellingImage {
  readonly index: number
  readonly pixels: Float32Array
}

/**
 * The felling images of the first few fallen images, in the order of the test split. Which ones these are in the end
 * does not depend on the order in which images fall, nor on interruptions.
 */
export class FellingImages {
  private readonly kept = new Map<number, Float32Array>()

  constructor(before: readonly FellingImage[] = []) {
    for (const { index, pixels } of before) this.kept.set(index, pixels)
  }

  /** Takes the image by which the test image `index` fell. */
  add(index: number, pixels: Float32Array): void {
    this.kept.set(index, pixels.slice())
    if (this.kept.size > most) this.kept.delete(Math.max(...this.kept.keys()))
  }

  /** In the order of the test split. */
  list(): FellingImage[] {
    return [...this.kept].sort(([a], [b]) => a - b).map(([index, pixels]) => ({ index, pixels }))
  }
}

/** The places of the first few images that a perturbation felled, in order. */
export function firstFallen(outcomes: readonly { readonly index: number; readonly held: boolean }[]): number[] {
  return outcomes
    .filter(({ held }) => !held)
    .map(({ index }) => index)
    .slice(0, most)
}
