import type { DatasetSpecification } from '@gauntlet/study'
import type { DatasetSource, PassedOver, SourceEntry } from './sources/dataset-source.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import { alikePairs, glanceAt, type Glance } from './near-duplicates.ts'
import { decodeNamed, splitSource } from './pack-dataset.ts'
import { readSource } from './sources/read-source.ts'
import type { Splits } from './split.ts'

type Split = 'train' | 'validation' | 'test'
const splitNames: readonly Split[] = ['train', 'validation', 'test']

/** The settings that decide what a study gets of a source. */
export type InspectedSpecification = Pick<
  DatasetSpecification,
  'id' | 'splitSeed' | 'trainImages' | 'validationImages' | 'testImages'
> & { readonly classes?: number }

/** What a study would get of a source, and what speaks against it. */
export interface DatasetReport {
  readonly format: string
  /** Whether the splits are the source's own or drawn. */
  readonly splitsAre: 'the source’s own' | 'drawn' | 'partly drawn'
  readonly images: number
  /** Images of each class in each split. */
  readonly classes: readonly ({ readonly name: string } & Readonly<Record<Split, number>>)[]
  /** Pixels of the smallest, the median and the largest image: width × height. */
  readonly sizes: readonly string[]
  /** Images by encoding. */
  readonly encodings: Readonly<Record<string, number>>
  readonly remarks: readonly string[]
  /** Images that cannot be read, with what is wrong. Where there are any, the dataset cannot be used. */
  readonly unreadable: readonly { readonly name: string; readonly wrong: string }[]
  readonly passedOver: readonly PassedOver[]
  /** Images left out of train and validation because the same bytes are in a later split. */
  readonly duplicatesDropped: { readonly train: number; readonly validation: number }
  /** Names of images of the same bytes under different labels. */
  readonly contradictions: readonly (readonly string[])[]
  /**
   * Pairs of images of different splits that look alike and are not the same bytes; the second is of the later split.
   */
  readonly alike: readonly {
    readonly splits: readonly [Split, Split]
    readonly names: readonly [string, string]
    readonly sameLabel: boolean
  }[]
}

/** Reads a source, decodes every image that a study would use, and reports on them. */
export async function inspectDataset(
  path: string,
  specification: InspectedSpecification,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<DatasetReport> {
  const source = await readSource(path, specification.classes)
  const { splits, dropped } = splitSource(source.entries, specification)
  const { glances, broken } = await glanceAtAll(source, splits, onProgress)
  const { entries, classNames } = source
  const official = new Set(entries.map(({ split }) => split))
  const owned = (['validation', 'test'] as const).filter((split) => official.has(split)).length
  return {
    format: source.format,
    splitsAre: owned === 2 ? 'the source’s own' : owned === 1 ? 'partly drawn' : 'drawn',
    images: entries.length,
    classes: classCounts(classNames, splits, entries),
    sizes: sizesOf(entries),
    encodings: tallied(entries.map(({ encoding }) => encoding)),
    remarks: [...source.remarks, ...remarksOn(classNames, splits, entries)],
    unreadable: [...source.unreadable, ...broken],
    passedOver: source.passedOver,
    duplicatesDropped: dropped,
    contradictions: contradictionsIn(entries),
    alike: alikeIn(splits, entries, glances),
  }
}

/** How many images each split of a source has, by headers alone. */
export async function countSplits(path: string, specification: InspectedSpecification): Promise<Record<Split, number>> {
  const { entries } = await readSource(path, specification.classes)
  const { train, validation, test } = splitSource(entries, specification).splits
  return { train: train.length, validation: validation.length, test: test.length }
}

/** The glances of all images of the splits, by position, and what does not decode. */
async function glanceAtAll(source: DatasetSource, splits: Splits, onProgress: (done: number, total: number) => void) {
  const chosen = new Set(splitNames.flatMap((split) => splits[split]))
  const glances = new Map<number, Glance>()
  const broken: { name: string; wrong: string }[] = []
  for await (const [position, bytes] of source.images(chosen)) {
    const entry = source.entries[position]!
    try {
      glances.set(position, glanceAt(await decodeNamed(bytes, entry)))
    } catch (error) {
      if (!(error instanceof InvalidDataset)) throw error
      broken.push({ name: entry.name, wrong: error.message.slice(entry.name.length + 2) })
    }
    onProgress(glances.size + broken.length, chosen.size)
  }
  return { glances, broken }
}

function classCounts(classNames: readonly string[], splits: Splits, entries: readonly SourceEntry[]) {
  const counts = classNames.map((name) => ({ name, train: 0, validation: 0, test: 0 }))
  for (const split of splitNames) for (const position of splits[split]) counts[entries[position]!.label]![split] += 1
  return counts
}

function remarksOn(classNames: readonly string[], splits: Splits, entries: readonly SourceEntry[]): string[] {
  return splitNames.flatMap((split) => {
    const present = new Set(splits[split].map((position) => entries[position]!.label))
    const missing = classNames.filter((_, label) => !present.has(label))
    if (missing.length === 0) return []
    const shown = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ', …' : '')
    return [`${missing.length} of ${classNames.length} classes have no image in ${split}: ${shown}.`]
  })
}

function sizesOf(entries: readonly SourceEntry[]): string[] {
  const sorted = entries.toSorted((a, b) => a.width * a.height - b.width * b.height)
  return [0, Math.floor(sorted.length / 2), sorted.length - 1].map((i) => `${sorted[i]!.width} × ${sorted[i]!.height}`)
}

function tallied(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

function contradictionsIn(entries: readonly SourceEntry[]): string[][] {
  const byDigest = new Map<string, SourceEntry[]>()
  for (const entry of entries) {
    const same = byDigest.get(entry.digest)
    if (same) same.push(entry)
    else byDigest.set(entry.digest, [entry])
  }
  return [...byDigest.values()]
    .filter((same) => new Set(same.map(({ label }) => label)).size > 1)
    .map((same) => same.map(({ name }) => name))
}

function alikeIn(splits: Splits, entries: readonly SourceEntry[], glances: ReadonlyMap<number, Glance>) {
  const seen = (split: Split) => splits[split].filter((position) => glances.has(position))
  const between = (one: Split, other: Split) => {
    const [firsts, seconds] = [seen(one), seen(other)]
    const glanced = (positions: readonly number[]) => positions.map((position) => glances.get(position)!)
    return alikePairs(glanced(firsts), glanced(seconds)).map(({ first, second }) => {
      const [a, b] = [entries[firsts[first]!]!, entries[seconds[second]!]!]
      const names: readonly [string, string] = [a.name, b.name]
      return { splits: [one, other] as const, names, sameLabel: a.label === b.label }
    })
  }
  return [...between('train', 'test'), ...between('validation', 'test'), ...between('train', 'validation')]
}
