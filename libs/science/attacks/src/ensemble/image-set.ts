import type { Tensor4D } from '@gauntlet/engine'
import { paddedBatch, passRows } from './pass-rows.ts'
import type { ImageShape } from '../balls/square-moves.ts'

/** The images that are attacked, by row. */
export interface ImageSet {
  /** Digests of the images, which key their noise. */
  readonly digests: readonly string[]
  readonly labels: readonly number[]
  /** The shape of every image. */
  readonly shape: ImageShape
  /** The images of some rows, [rows, height, width, channels] in [0, 1]. The caller disposes of them. */
  read(rows: readonly number[]): Promise<Tensor4D> | Tensor4D
}

/** The images of some rows as a set of their own. */
export function subsetOf<Images extends ImageSet>(imageSet: Images, rows: readonly number[]): Images {
  const { digests, labels, read } = imageSet
  return {
    ...imageSet,
    digests: rows.map((row) => digests[row]!),
    labels: rows.map((row) => labels[row]!),
    read: (chosen: readonly number[]) => read(chosen.map((i) => rows[i]!)),
  }
}

/**
 * The images of some rows as the model is given them, [rows of a pass, height, width, channels]: the first image is
 * repeated where there are fewer. The caller disposes of them.
 */
export async function readPass(imageSet: ImageSet, rows: readonly number[]): Promise<Tensor4D> {
  const images = await imageSet.read(rows)
  const filled = paddedBatch(images, passRows(imageSet.shape))
  images.dispose()
  return filled
}

/** Consecutive parts of `rows`, each at most `batchSize` and no more than go through the model at once. */
export function passesOf(imageSet: ImageSet, rows: readonly number[], batchSize: number): number[][] {
  const size = Math.min(batchSize, passRows(imageSet.shape))
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size))
}
