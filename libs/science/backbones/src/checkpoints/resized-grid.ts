/** The places of an old axis that one place of a new axis is a weighted sum of: `first` and those after it. */
export interface Taps {
  readonly first: number
  readonly factors: readonly number[]
}

/**
 * A square grid of `from` × `from` places with `channels` numbers each, row by row, resized along both axes to one
 * place for each of `taps`.
 */
export function resizedGrid(
  values: Float32Array,
  from: number,
  channels: number,
  taps: readonly Taps[],
): Float32Array<ArrayBuffer> {
  const across = resizedAxis(values, taps, { outer: from, length: from, inner: channels })
  return resizedAxis(across, taps, { outer: 1, length: from, inner: taps.length * channels })
}

/** The middle one of three axes replaced by weighted sums along it. */
function resizedAxis(
  values: Float32Array,
  taps: readonly Taps[],
  { outer, length, inner }: { readonly outer: number; readonly length: number; readonly inner: number },
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(outer * taps.length * inner)
  for (let block = 0; block < outer; block++)
    taps.forEach(({ first, factors }, place) => {
      const target = (block * taps.length + place) * inner
      for (let i = 0; i < inner; i++) {
        let sum = 0
        factors.forEach((factor, tap) => (sum += factor * values[(block * length + first + tap) * inner + i]!))
        result[target + i] = sum
      }
    })
  return result
}
