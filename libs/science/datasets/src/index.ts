export { augment, type AugmentationKey } from './augment.ts'
export { InvalidDataset } from './invalid-dataset.ts'
export {
  encodeManifest,
  parseManifest,
  type DatasetManifest,
  type ImageEncoding,
  type ManifestImage,
  type SplitName,
} from './manifest.ts'
export {
  openDataset,
  stackImages,
  type DatasetOpening,
  type DatasetReader,
  type LabelledBatch,
} from './open-dataset.ts'
export { readAugmented } from './read-augmented.ts'
export { resizeSquare } from './pillow-resize.ts'
export { packDataset, type PackedDataset } from './pack-dataset.ts'
export { openReadThreads, type AugmentedReads } from './read-threads.ts'
export type { Rgb8Image } from './rgb8-image.ts'
