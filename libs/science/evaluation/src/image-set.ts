import type { ImageSet } from '@gauntlet/attacks'
import { tf } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'
import { readChecked, type ImageReader } from './image-reader.ts'

/**
 * All images of a reader as attacks take them. They are read when they are attacked, and compared with what the reader
 * listed them with.
 */
export function imageSetOf(reader: ImageReader, signal?: AbortSignal): ImageSet {
  const entries = Array.from({ length: reader.count }, (_, index) => reader.entry(index))
  const [digests, labels] = [entries.map(({ digest }) => digest), entries.map(({ label }) => label)]
  return {
    digests,
    labels,
    shape: [reader.resolution, reader.resolution, 3],
    async read(rows) {
      signal?.throwIfAborted()
      const batch = await readChecked(reader, rows)
      const other = rows.find((row, i) => batch.digests[i] !== digests[row] || batch.labels[i] !== labels[row])
      if (other !== undefined)
        throw new InvalidInput(
          `Image ${other} was read with another digest or label than it is listed with; prepare the dataset again.`,
        )
      return tf.tensor4d(batch.images, [rows.length, reader.resolution, reader.resolution, 3])
    },
  }
}
