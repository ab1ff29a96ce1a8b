export { augment, type AugmentationKey } from './images/augment.ts'
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
export { resizeSquare } from './images/pillow-resize.ts'
export { packDataset, type PackedDataset } from './pack-dataset.ts'
export { openReadThreads, type AugmentedReads } from './read-threads.ts'
export type { Rgb8Image } from './images/rgb8-image.ts'
