import type { Augmentation } from '@gauntlet/study'
import { augment, type AugmentationKey } from './images/augment.ts'
import { labelledBatch, type DatasetReader, type LabelledBatch } from './open-dataset.ts'

/** The images of train at `indices`, resized and augmented, in `memory` if it has room for just them. */
export async function readAugmented(
  { readLevels, entry, manifest }: Pick<DatasetReader, 'readLevels' | 'entry' | 'manifest'>,
  indices: readonly number[],
  augmentation: Augmentation,
  key: AugmentationKey,
  memory?: Float32Array,
): Promise<LabelledBatch> {
  const levels = await readLevels('train', indices)
  const entries = indices.map((index) => entry('train', index))
  const write = (i: number, into: Float32Array) => augment(levels[i]!, entries[i]!.digest, augmentation, key, into)
  return labelledBatch(entries, write, manifest.resolution, memory)
}
