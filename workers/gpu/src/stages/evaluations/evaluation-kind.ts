import type { DatasetReader } from '@gauntlet/datasets'
import type { Evaluated, Evaluation, ImageReader } from '@gauntlet/evaluation'
import type { Perturbation } from '@gauntlet/study'

/** What is particular to the evaluation under one perturbation. */
export interface EvaluationKind {
  /** The test images that are evaluated. */
  testImages(images: DatasetReader, perturbation: Perturbation): TestImages
  evaluate(evaluation: Evaluation): Promise<Evaluated>
}

/** The test images of an evaluation. */
export interface TestImages {
  readonly reader: ImageReader
  /** The perturbation as it is evaluated: only here it is known whether corrupted images are archived or generated. */
  readonly done: Perturbation
}

/** The test images as they are. */
export function cleanImages(images: DatasetReader): ImageReader {
  return {
    count: images.count('test'),
    resolution: images.manifest.resolution,
    entry: (index) => images.entry('test', index),
    read: (indices) => images.read('test', indices),
  }
}
