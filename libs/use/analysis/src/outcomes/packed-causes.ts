/** What felled each image of a set, packed (`packCauses`). */
export interface PackedCauses {
  /** What felled any of the images, each name once. */
  readonly names: readonly string[]
  /** By image: 0 where it held, n where it fell to the n-th name, counted from 1. */
  readonly places: Uint8Array | Uint32Array
}

/** Names that a byte can tell apart, beside 0. */
const namesPerByte = 255

/** Packs what felled each image, null where it held: a byte an image, or four where more than 255 names occur. */
export function packCauses(felledBy: readonly (string | null)[]): PackedCauses {
  const placeOf = new Map<string, number>()
  for (const name of felledBy) if (name !== null && !placeOf.has(name)) placeOf.set(name, placeOf.size + 1)
  const places = placeOf.size > namesPerByte ? new Uint32Array(felledBy.length) : new Uint8Array(felledBy.length)
  felledBy.forEach((name, i) => {
    if (name !== null) places[i] = placeOf.get(name)!
  })
  return { names: [...placeOf.keys()], places }
}

/** What felled image `i`; null where it held. */
export function causeAt({ names, places }: PackedCauses, i: number): string | null {
  return names[places[i]! - 1] ?? null
}

/** How many images each name felled, in the order of the names. */
export function countCauses({ names, places }: PackedCauses): number[] {
  const counts = names.map(() => 0)
  for (const place of places) if (place > 0) counts[place - 1]!++
  return counts
}
