import { ArtifactCorrupt, ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
import { chainsIn, differencesBetween, type Difference } from '@gauntlet/client'
import { decodeOutcomes, OutcomesUnreadable } from '@gauntlet/evaluation/outcomes'
import { executionGraph, type LedgerDatabase } from '@gauntlet/ledger'
import type { PairedCounts } from '@gauntlet/analysis'
import type { DiffNumber, DiffSide } from './diff-side.ts'

/** Two numbers of what counts as the same cell. */
export interface NumberPair {
  readonly first: DiffNumber
  readonly second: DiffNumber
  /** Along the DAG; empty where both have one key. The first one is where they part. */
  readonly differences: readonly Difference[]
  /** What each of the images did; null where it was not asked for, or the outcomes are not of the same images. */
  readonly images: PairedCounts | null
}

/** Two sides compared, cell by cell. */
export interface Diff {
  readonly first: string
  readonly second: string
  readonly pairs: readonly NumberPair[]
  /** Cells that only one side has a number of. */
  readonly onlyFirst: readonly DiffNumber[]
  readonly onlySecond: readonly DiffNumber[]
}

/** Pairs of numbers of which outcomes are compared image by image; beyond these the accuracies say enough. */
const mostPairsWithImages = 50

/** Compares two sides: what differs first between the lineages of each pair of cells, and what it did to the number. */
export async function diffNumbers(
  db: LedgerDatabase,
  store: Pick<ArtifactStore, 'read'>,
  first: DiffSide,
  second: DiffSide,
): Promise<Diff> {
  const matched = pairUp(first.numbers, second.numbers)
  const keys = new Set(matched.flatMap((pair) => pair.map(({ stageKey }) => stageKey)))
  const chainOf = chainsIn(await executionGraph(db, [...keys]))
  const pairs: NumberPair[] = []
  for (const [one, other] of matched) {
    const isSame = one.stageKey === other.stageKey
    const differences = isSame ? [] : differencesBetween(chainOf(one.stageKey), chainOf(other.stageKey))
    const images = isSame || matched.length > mostPairsWithImages ? null : await pairedImages(store, one, other)
    pairs.push({ first: one, second: other, differences, images })
  }
  const [ones, others] = [new Set(matched.map(([one]) => one)), new Set(matched.map(([, other]) => other))]
  return {
    first: first.name,
    second: second.name,
    pairs,
    onlyFirst: first.numbers.filter((number) => !ones.has(number)),
    onlySecond: second.numbers.filter((number) => !others.has(number)),
  }
}

/**
 * Pairs numbers: two that are alone with each other, then those of one configuration and perturbation, then those of
 * one perturbation where each side is one configuration. A radius may differ where its name is on each side once.
 */
function pairUp(first: readonly DiffNumber[], second: readonly DiffNumber[]): [DiffNumber, DiffNumber][] {
  if (first.length === 1 && second.length === 1) return [[first[0]!, second[0]!]]
  const isOne = (numbers: readonly DiffNumber[]) => new Set(numbers.map((each) => each.configuration)).size === 1
  const configuration = isOne(first) && isOne(second) ? () => '' : (each: DiffNumber) => each.configuration
  const exact = match(first, second, (each) => `${configuration(each)} ${each.perturbation}`)
  const matched = new Set(exact.flat())
  const rest = (numbers: readonly DiffNumber[]) => numbers.filter((each) => !matched.has(each))
  const named = match(rest(first), rest(second), (each) => `${configuration(each)} ${each.perturbationName}`)
  return [...exact, ...named].sort(([a], [b]) => a.row - b.row)
}

/** The pairs with one key, where it stands for one number on each side. */
function match(
  first: readonly DiffNumber[],
  second: readonly DiffNumber[],
  keyOf: (number: DiffNumber) => string,
): [DiffNumber, DiffNumber][] {
  const byKey = (numbers: readonly DiffNumber[]) => {
    const found = new Map<string, DiffNumber | null>()
    for (const number of numbers) found.set(keyOf(number), found.has(keyOf(number)) ? null : number)
    return found
  }
  const [ones, others] = [byKey(first), byKey(second)]
  return [...ones].flatMap(([key, one]): [DiffNumber, DiffNumber][] => {
    const other = others.get(key)
    return one && other ? [[one, other]] : []
  })
}

/** Counts by image what held; null where outcomes cannot be read or are of other images. */
async function pairedImages(
  store: Pick<ArtifactStore, 'read'>,
  one: DiffNumber,
  other: DiffNumber,
): Promise<PairedCounts | null> {
  try {
    const [before, after] = [await heldByImage(store, one), await heldByImage(store, other)]
    if (before.size !== after.size || [...before.keys()].some((image) => !after.has(image))) return null
    const count = (held: boolean, heldAfter: boolean) =>
      [...before].filter(([image, each]) => each === held && after.get(image) === heldAfter).length
    return {
      bothHeld: count(true, true),
      onlyFirst: count(true, false),
      onlySecond: count(false, true),
      neither: count(false, false),
    }
  } catch (error) {
    if ([ArtifactMissing, ArtifactCorrupt, OutcomesUnreadable].some((type) => error instanceof type)) return null
    throw error
  }
}

async function heldByImage(store: Pick<ArtifactStore, 'read'>, { outcomesDigest }: DiffNumber) {
  const { outcomes } = decodeOutcomes(await store.read(outcomesDigest))
  return new Map(outcomes.map(({ image, index, held }) => [`${index} ${image}`, held]))
}
