import { assignPortfolio, corruptImage } from '@gauntlet/corruptions'
import { InvalidDataset, resizeSquare, stackImages, type DatasetReader } from '@gauntlet/datasets'
import type { ImageReader } from '@gauntlet/evaluation'
import { matchesArchivedImages, type CorruptionEvaluator } from '@gauntlet/study'

/** The corrupted test images, and the evaluator that says which they are: its label is what tables show. */
export interface CommonImages {
  readonly reader: ImageReader
  readonly evaluator: CorruptionEvaluator
}

/** The test images corrupted: the dataset's own corrupted copy where it has what is asked for, else made here. */
export function commonImages(images: DatasetReader, asked: CorruptionEvaluator): CommonImages {
  if (asked.images === 'archived' && images.count('testCommon') === 0) {
    throw new InvalidDataset(
      `${images.manifest.dataset} has no corrupted test images of its own; leave images: archived out of the study file.`,
    )
  }
  const archived = asked.images !== 'generated' && matchesArchivedImages(asked) && images.count('testCommon') > 0
  if (archived) return { reader: archivedReader(images), evaluator: { ...asked, images: 'archived' } }
  return { reader: generatedReader(images, asked), evaluator: { ...asked, images: 'generated' } }
}

/**
 * The archive's own corrupted copies, byte for byte, resized as any image is. Outcomes have the digests of the clean
 * images, as those of every other perturbation. Which corruption an image went through is not recorded in an archive,
 * so no outcome names one.
 */
function archivedReader(images: DatasetReader): ImageReader {
  const read: ImageReader['read'] = async (indices) => {
    const { images: corrupted, labels } = await images.read('testCommon', indices)
    return { images: corrupted, labels, digests: indices.map((index) => images.entry('test', index).digest) }
  }
  return {
    count: images.count('test'),
    resolution: images.manifest.resolution,
    entry: (index) => images.entry('test', index),
    read,
  }
}

/**
 * Corrupted here: at their own size before they are resized, as the study does, or under the contract `native`
 * afterwards, as ImageNet-C does.
 */
function generatedReader(images: DatasetReader, { portfolio, severity, contract }: CorruptionEvaluator): ImageReader {
  const { resolution, splitSeed } = images.manifest
  const count = images.count('test')
  const assigned = assignPortfolio(count, portfolio)
  // One corrupted test set for all configurations of a dataset, as the study's frozen one: keyed by the split's seed,
  // not by the training's.
  const corrupted = async (index: number) => {
    const stored = await images.readRgb8('test', index)
    const image = contract === 'native' ? resizeSquare(stored, resolution) : stored
    const key = { seed: splitSeed, purpose: 'corruption', image: images.entry('test', index).digest }
    return corruptImage(image, assigned[index]!, severity, key)
  }
  const read: ImageReader['read'] = async (indices) => {
    const entries = indices.map((index) => images.entry('test', index))
    return {
      images: stackImages(await Promise.all(indices.map(corrupted)), resolution),
      labels: Int32Array.from(entries, ({ label }) => label),
      digests: entries.map(({ digest }) => digest),
      corruptions: indices.map((index) => assigned[index]!),
    }
  }
  return { count, resolution, entry: (index) => images.entry('test', index), read }
}
