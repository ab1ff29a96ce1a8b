import { decodeNamed } from './pack-dataset.ts'
import { resizeSquare } from './images/pillow-resize.ts'
import { readSource } from './sources/read-source.ts'

/** The first images of a class, as models see them. */
export interface ClassSamples {
  readonly name: string
  readonly count: number
  /** [side, side, 3], a byte a channel. */
  readonly images: readonly Uint8Array[]
}

/** The first `perClass` readable images of each class, resized to squares. */
export async function sampleDataset(path: string, perClass: number, side: number): Promise<ClassSamples[]> {
  const { classNames, entries, images } = await readSource(path)
  const positions = classNames.map((_, label) => [...entries.keys()].filter((i) => entries[i]!.label === label))
  const chosen = new Set(positions.flatMap((own) => own.slice(0, perClass)))
  const drawn = new Map<number, Uint8Array>()
  for await (const [position, bytes] of images(chosen)) {
    const image = await decodeNamed(bytes, entries[position]!)
    drawn.set(position, resizeSquare(image, side).data)
  }
  return classNames.map((name, label) => {
    const own = positions[label]!
    return { name, count: own.length, images: own.slice(0, perClass).map((position) => drawn.get(position)!) }
  })
}
