import { RandomState } from './random-state.ts'

/** The positions of two parts, each in random order. */
export interface TwoParts {
  readonly train: readonly number[]
  readonly test: readonly number[]
}

/**
 * `train_test_split(range(n), stratify=labels, random_state=seed)` of scikit-learn 1.8, for a fraction or a number of
 * one part (sklearn/model_selection/_split.py, `StratifiedShuffleSplit`). The parts together hold every position.
 *
 * Departure: scikit-learn refuses a class of one member and a part with fewer images than classes; here such a class is
 * in one part alone, and whoever checks the dataset is told.
 */
export function stratifiedSplit(
  labels: readonly number[],
  part: { readonly testFraction: number } | { readonly trainCount: number },
  seed: number,
): TwoParts {
  const count = labels.length
  const testCount = 'trainCount' in part ? count - part.trainCount : Math.ceil(part.testFraction * count)
  const random = new RandomState(seed)
  const members = membersByClass(labels)
  const sizes = members.map(({ length }) => length)
  const trainSizes = approximateMode(sizes, count - testCount, random)
  const left = sizes.map((size, i) => size - trainSizes[i]!)
  const testSizes = approximateMode(left, testCount, random)
  const parts: { train: number[]; test: number[] } = { train: [], test: [] }
  for (const [i, positions] of members.entries()) {
    const shuffled = random.permutation(positions)
    const cut = trainSizes[i]!
    for (const position of shuffled.slice(0, cut)) parts.train.push(position)
    for (const position of shuffled.slice(cut, cut + testSizes[i]!)) parts.test.push(position)
  }
  const train = random.permutation(parts.train)
  return { train, test: random.permutation(parts.test) }
}

/** The positions of each label, in the order of labels. */
function membersByClass(labels: readonly number[]): number[][] {
  const byLabel = new Map<number, number[]>()
  for (const [position, label] of labels.entries()) {
    const members = byLabel.get(label)
    if (members) members.push(position)
    else byLabel.set(label, [position])
  }
  return [...byLabel].sort(([a], [b]) => a - b).map(([, members]) => members)
}

/**
 * How many of `draws` fall to each class: its proportion rounded down, and one more for those with the largest
 * remainders; among equal remainders, which ones is drawn (`_approximate_mode`).
 */
function approximateMode(sizes: readonly number[], draws: number, random: RandomState): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const exact = sizes.map((size) => (total === 0 ? 0 : (size / total) * draws))
  const counts = exact.map(Math.floor)
  let missing = Math.trunc(draws - counts.reduce((sum, count) => sum + count, 0))
  const remainders = exact.map((value, i) => value - counts[i]!)
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing <= 0) break
    const classes = [...sizes.keys()].filter((i) => remainders[i] === remainder)
    const added = random.choice(classes, Math.min(classes.length, missing))
    for (const i of added) counts[i]! += 1
    missing -= added.length
  }
  return counts
}
