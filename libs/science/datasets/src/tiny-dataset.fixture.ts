import type { DatasetSpecification } from '@gauntlet/study'
import { fileURLToPath } from 'node:url'

/** A dataset of photographs as its publishers pack it, with three classes. */
export const tinySource = fileURLToPath(
  new URL('../../../../test/parity/datasets/tiny_processed.tar.zst', import.meta.url),
)

/** All of it, at a side that no image has. */
export const tinySpecification: DatasetSpecification = {
  id: 'tiny',
  source: 'file:tiny',
  sha256: 'a'.repeat(64),
  classes: 3,
  resolution: 96,
  trainImages: null,
  validationImages: null,
  testImages: null,
  splitSeed: 42,
}
