import type { DatasetSpecification } from '@gauntlet/study'
import type { SourceEntry } from './sources/dataset-source.ts'
import type { SplitName } from './manifest.ts'
import { stratifiedSplit } from './stratified-split.ts'

/** The positions of a source's entries in each split, in the split's order. */
export type Splits = { readonly [split in SplitName]?: readonly number[] } & {
  readonly [split in 'train' | 'validation' | 'test']: readonly number[]
}

/** The study's fractions: 80/20 into the rest and test, then 85/15 of the rest into train and validation. */
const testFraction = 0.2
const validationFraction = 0.15

/** scikit-learn's `random_state` of the study's 1,000 test images. */
const subsampleSeed = 0

type Labelled = Pick<SourceEntry, 'label' | 'split'>

/** The splits of the source where it has them, else drawn by the seed as scikit-learn does. */
export function assignSplits(entries: readonly Labelled[], { splitSeed }: { splitSeed: number }): Splits {
  const official = (split: SplitName | null) =>
    [...entries.keys()].filter((position) => entries[position]!.split === split)
  const draw = (from: readonly number[], fraction: number) =>
    positionsOf(from, stratifiedSplit(labelsAt(from, entries), { testFraction: fraction }, splitSeed))

  const unsplit = official(null)
  const own = { train: [...official('train'), ...unsplit], test: official('test') }
  const rest = own.test.length > 0 ? own : draw(own.train, testFraction)
  const ownValidation = official('validation')
  const { train, test: validation } =
    ownValidation.length > 0 ? { train: rest.train, test: ownValidation } : draw(rest.train, validationFraction)
  const common = official('testCommon')
  const splits = { train, validation, test: rest.test }
  return common.length > 0 ? { ...splits, testCommon: common } : splits
}

/**
 * The wanted number of images of each split, or all where it has fewer, stratified by label. A split that is wanted
 * whole keeps its order, so that a published test set stays comparable image by image; a drawn one is in the order of
 * the draw. `testCommon` has the same images as `test`.
 */
export function subsampleSplits(
  splits: Splits,
  entries: readonly Labelled[],
  specification: Pick<DatasetSpecification, 'trainImages' | 'validationImages' | 'testImages'>,
): Splits {
  const take = (split: 'train' | 'validation' | 'test', wanted: number | null) => {
    const from = splits[split]
    if (wanted === null || wanted >= from.length) return from
    return positionsOf(from, stratifiedSplit(labelsAt(from, entries), { trainCount: wanted }, subsampleSeed)).train
  }
  const test = take('test', specification.testImages)
  const taken = {
    train: take('train', specification.trainImages),
    validation: take('validation', specification.validationImages),
    test,
  }
  if (!splits.testCommon) return taken
  const indexInTest = new Map(splits.test.map((position, index) => [position, index]))
  return { ...taken, testCommon: test.map((position) => splits.testCommon![indexInTest.get(position)!]!) }
}

function labelsAt(positions: readonly number[], entries: readonly Labelled[]): number[] {
  return positions.map((position) => entries[position]!.label)
}

function positionsOf(from: readonly number[], parts: ReturnType<typeof stratifiedSplit>) {
  return { train: parts.train.map((i) => from[i]!), test: parts.test.map((i) => from[i]!) }
}
