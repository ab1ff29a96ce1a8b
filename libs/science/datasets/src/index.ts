export { augment } from './augment.ts'
export { InvalidDataset } from './invalid-dataset.ts'
export {
  encodeManifest,
  parseManifest,
  type DatasetManifest,
  type ImageEncoding,
  type ManifestImage,
  type SplitName,
} from './manifest.ts'
export { openDataset, stackImages, type DatasetReader, type LabelledBatch } from './open-dataset.ts'
export { resizeSquare } from './pillow-resize.ts'
export { packDataset, type PackedDataset } from './pack-dataset.ts'
export type { Rgb8Image } from './rgb8-image.ts'
