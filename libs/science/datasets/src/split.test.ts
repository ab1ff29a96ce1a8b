import { describe, expect, it } from 'vitest'
import type { SourceEntry } from './sources/dataset-source.ts'
import type { SplitName } from './manifest.ts'
import { assignSplits, subsampleSplits } from './split.ts'

const entry = (label: number, split: SplitName | null = null): SourceEntry => {
  return { name: 'image', split, label, encoding: 'rgb8', width: 1, height: 1, digest: 'a'.repeat(64), length: 3 }
}
const specification = { id: 'test', source: 'file:x', sha256: 'a'.repeat(64), classes: 3, resolution: 8, splitSeed: 42 }
const everything = { ...specification, trainImages: null, validationImages: null, testImages: null }
/** 200 images of label 0, 100 of label 1, 50 of label 2, label by label. */
const unsplit = [...Array(200).fill(0), ...Array(100).fill(1), ...Array(50).fill(2)].map((label: number) =>
  entry(label),
)
const labelCounts = (positions: readonly number[], entries: readonly SourceEntry[]) =>
  [0, 1, 2].map((label) => positions.filter((position) => entries[position]!.label === label).length)

describe('assigning splits', () => {
  it('splits an unsplit source 80/20 and then 85/15, label by label', () => {
    const { train, validation, test } = assignSplits(unsplit, specification)
    expect([train, validation, test].map((split) => labelCounts(split, unsplit))).toEqual([
      [136, 68, 34],
      [24, 12, 6],
      [40, 20, 10],
    ])
    expect(new Set([...train, ...validation, ...test]).size).toBe(350)
  })

  it('shuffles an unsplit source that is sorted by label, since corruptions are assigned by position', () => {
    const { train, test } = assignSplits(unsplit, specification)
    for (const split of [train, test])
      expect(new Set(split.slice(0, 20).map((position) => unsplit[position]!.label)).size).toBeGreaterThan(1)
  })

  it('keeps the test split of a source and takes validation from its train split', () => {
    const entries = unsplit.map(({ label }, i) => entry(label, i % 2 ? 'train' : 'test'))
    const { train, validation, test } = assignSplits(entries, specification)
    expect(test).toEqual([...entries.keys()].filter((i) => i % 2 === 0))
    expect([train.length, validation.length]).toEqual([148, 27])
  })

  it('keeps all three splits of a source in its order', () => {
    const names = ['train', 'validation', 'test'] as const
    const entries = unsplit.map(({ label }, i) => entry(label, names[i % 3]!))
    const splits = assignSplits(entries, specification)
    for (const [k, name] of names.entries())
      expect(splits[name]).toEqual([...entries.keys()].filter((i) => i % 3 === k))
  })
})

describe('taking a part of each split', () => {
  it('takes as many as are wanted, label by label, and all where there are fewer', () => {
    const splits = assignSplits(unsplit, specification)
    const part = subsampleSplits(splits, unsplit, { ...everything, trainImages: 35, testImages: 1000 })
    expect(labelCounts(part.train, unsplit)).toEqual([20, 10, 5])
    expect(part.test).toEqual(splits.test)
    expect(part.validation).toEqual(splits.validation)
  })

  it('takes the corrupted copies of the test images that it takes', () => {
    const entries = [
      ...unsplit.map(({ label }) => entry(label, 'test')),
      ...unsplit.map(({ label }) => entry(label, 'testCommon')),
    ]
    const { test, testCommon } = subsampleSplits(assignSplits(entries, specification), entries, {
      ...everything,
      testImages: 40,
    })
    expect(test).toHaveLength(40)
    expect(testCommon).toEqual(test.map((position) => position + 350))
  })
})
