import { sha256Of, type DatasetSource, type SourceEntry } from './dataset-source.ts'
import type { SplitName } from '../manifest.ts'

/** Grey images of one size, one byte a pixel. */
export interface GreyImages {
  /** Of the file that holds them, for messages. */
  readonly name: string
  readonly split: SplitName | null
  /** [count, height, width] */
  readonly pixels: Uint8Array
  /** [count] */
  readonly labels: ArrayLike<number>
  readonly width: number
  readonly height: number
}

/** A source of grey images, which are stored as RGB with three equal channels, as backbones take them. */
export function greySource(
  groups: readonly GreyImages[],
  description: Pick<DatasetSource, 'format' | 'classNames'>,
): DatasetSource {
  const located = groups.flatMap((group) =>
    Array.from({ length: group.labels.length }, (_, index) => ({ group, index })),
  )
  const entries = located.map(({ group, index }): SourceEntry => {
    const bytes = rgbOf(group, index)
    const { split, width, height } = group
    return {
      name: `${group.name} ${index}`,
      split,
      label: group.labels[index]!,
      encoding: 'rgb8',
      width,
      height,
      digest: sha256Of(bytes),
      length: bytes.length,
    }
  })
  async function* images(chosen: ReadonlySet<number>) {
    for (const [position, { group, index }] of located.entries())
      if (chosen.has(position)) yield [position, rgbOf(group, index)] as const
  }
  return { ...description, entries, images, unreadable: [], passedOver: [], remarks: [] }
}

/** Image `index` of a group as [height, width, 3]. */
function rgbOf({ pixels, width, height }: GreyImages, index: number): Uint8Array {
  const area = width * height
  const rgb = new Uint8Array(3 * area)
  for (let pixel = 0; pixel < area; pixel++) rgb.fill(pixels[index * area + pixel]!, 3 * pixel, 3 * pixel + 3)
  return rgb
}
