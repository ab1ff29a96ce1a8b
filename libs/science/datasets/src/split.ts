import { permutation } from '@gauntlet/engine/random'
import type { DatasetSpecification } from '@gauntlet/study'
import type { SourceEntry } from './dataset-source.ts'
import type { SplitName } from './manifest.ts'

/** The positions of a source's entries in each split, in the split's order. */
export type Splits = { readonly [split in SplitName]?: readonly number[] } & {
  readonly [split in 'train' | 'validation' | 'test']: readonly number[]
}

/** The study's fractions: 80/20 into the rest and test, then 85/15 of the rest into train and validation. */
const testFraction = 0.2
const validationFraction = 0.15

/** The splits of the source where it has them, else stratified draws by the seed. */
export function assignSplits(entries: readonly SourceEntry[], { splitSeed }: { splitSeed: number }): Splits {
  const labelOf = (position: number) => entries[position]!.label
  const official = (split: SplitName | null) =>
    [...entries.keys()].filter((position) => entries[position]!.split === split)
  const draw = (from: readonly number[], fraction: number, purpose: string) =>
    drawStratified(from, labelOf, Math.round(fraction * from.length), { seed: splitSeed, purpose })

  const unsplit = official(null)
  const testDraw =
    unsplit.length > 0
      ? draw(unsplit, testFraction, 'split-test')
      : { drawn: official('test'), rest: official('train') }
  const ownValidation = official('validation')
  const validationDraw =
    ownValidation.length > 0
      ? { drawn: ownValidation, rest: testDraw.rest }
      : draw(testDraw.rest, validationFraction, 'split-validation')
  const common = official('testCommon')
  // A source without splits often lists its images class by class, so that the images that are left are shuffled too.
  const train = unsplit.length > 0 ? draw(validationDraw.rest, 1, 'split-train').drawn : validationDraw.rest
  const splits = { train, validation: validationDraw.drawn, test: testDraw.drawn }
  return common.length > 0 ? { ...splits, testCommon: common } : splits
}

/**
 * The wanted number of images of each split, or all where it has fewer, stratified by label. A split that is wanted
 * whole keeps its order, so that a published test set stays comparable image by image; a drawn one is in the order of
 * the draw. `testCommon` has the same images as `test`.
 */
export function subsampleSplits(
  splits: Splits,
  entries: readonly SourceEntry[],
  specification: DatasetSpecification,
): Splits {
  const take = (split: 'train' | 'validation' | 'test', wanted: number | null) => {
    const from = splits[split]
    if (wanted === null || wanted >= from.length) return from
    const key = { seed: specification.splitSeed, purpose: `subsample-${split}` }
    return drawStratified(from, (position) => entries[position]!.label, wanted, key).drawn
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

/** Draws `count` of the positions `from`, each label in proportion, in random order. The rest keeps its order. */
export function drawStratified(
  from: readonly number[],
  labelOf: (position: number) => number,
  count: number,
  { seed, purpose }: { seed: number; purpose: string },
): { drawn: number[]; rest: number[] } {
  const byLabel = new Map<number, number[]>()
  for (const position of from) {
    const members = byLabel.get(labelOf(position))
    if (members) members.push(position)
    else byLabel.set(labelOf(position), [position])
  }
  const labels = [...byLabel.keys()].toSorted((a, b) => a - b)
  const shares = proportionalShares(
    labels.map((label) => byLabel.get(label)!.length),
    count,
  )
  const chosen = labels.flatMap((label, i) => {
    const members = byLabel.get(label)!
    return permutation({ seed, purpose: `${purpose}-of-label`, iteration: label }, members.length)
      .slice(0, shares[i])
      .map((k) => members[k]!)
  })
  const drawn = permutation({ seed, purpose: `${purpose}-order` }, chosen.length).map((k) => chosen[k]!)
  const taken = new Set(drawn)
  return { drawn, rest: from.filter((position) => !taken.has(position)) }
}

/** Divides `count` in proportion to `sizes` by largest remainder, ties to the first; no share is above its size. */
export function proportionalShares(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const wanted = Math.min(count, total)
  const exact = sizes.map((size) => (total === 0 ? 0 : (size * wanted) / total))
  const shares = exact.map(Math.floor)
  const missing = wanted - shares.reduce((sum, share) => sum + share, 0)
  const byRemainder = [...sizes.keys()].toSorted((a, b) => exact[b]! - shares[b]! - (exact[a]! - shares[a]!) || a - b)
  for (const i of byRemainder.slice(0, missing)) shares[i]!++
  return shares
}
