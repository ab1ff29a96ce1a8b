import type { Gallery } from '@gauntlet/attacks'
import { tf } from '@gauntlet/engine'
import type { Digest } from '@gauntlet/study'
import { ImagesInvalid, readChunk, type ImageReader } from './image-reader.ts'

/** All images of a reader as attacks want them. */
export interface EvaluatedGallery extends Gallery {
  readonly digests: readonly Digest[]
}

/** The images are read when they are attacked, and held against what the reader said of them before. */
export function galleryOf(reader: ImageReader, signal?: AbortSignal): EvaluatedGallery {
  const entries = Array.from({ length: reader.count }, (_, index) => reader.entry(index))
  const [digests, labels] = [entries.map(({ digest }) => digest), entries.map(({ label }) => label)]
  return {
    digests,
    labels,
    shape: [reader.resolution, reader.resolution, 3],
    async read(rows) {
      signal?.throwIfAborted()
      const batch = await readChunk(reader, rows)
      const stray = rows.find((row, i) => batch.digests[i] !== digests[row] || batch.labels[i] !== labels[row])
      if (stray !== undefined)
        throw new ImagesInvalid(
          `Image ${stray} was read with another digest or label than it is listed with; prepare the dataset again.`,
        )
      return tf.tensor4d(batch.images, [rows.length, reader.resolution, reader.resolution, 3])
    },
  }
}
