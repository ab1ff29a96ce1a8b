import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chanceTies } from './chance-ties.ts'
import { publishedRows } from './published.fixture.ts'
import { rankBounds } from './rank-bounds.ts'
import { rank } from './rank.ts'
import type { ScoreName } from './score-columns.ts'
import { analysisRow } from './study-row.fixture.ts'
import type { StudyRow } from './study-row.ts'

describe('ties at chance', () => {
  it('carry backbones that learnt nothing to the top of the published LP-50 ranking', () => {
    const { moved, tied, cells, agreement } = chanceTies(publishedRows, { protocol: 'LP-50' })
    expect(cells).toBe(2400)
    expect(tied / cells).toBeGreaterThan(0.5)
    expect(agreement).toBeLessThan(0.9)
    const efficientNet = moved.filter(({ backbone }) => backbone === 'efficientnet-b0')
    expect(efficientNet.map(({ rank }) => rank).toSorted((a, b) => a - b)).toEqual([9, 10])
    for (const { rankWithTies } of efficientNet) expect(rankWithTies).toBeGreaterThan(60)
  })

  it('hardly touch the top of FFT-50', () => {
    const { moved, agreement } = chanceTies(publishedRows, { protocol: 'FFT-50' })
    expect(agreement).toBeGreaterThan(0.98)
    expect(moved.filter(({ rank }) => rank <= 5)).toEqual([])
  })

  it('take the number of classes from the caller, and name the datasets that nobody knows', () => {
    const rows = [
      analysisRow({ backbone: 'a', dataset: 'ours', clean: 0.2 }),
      analysisRow({ backbone: 'b', dataset: 'ours', clean: 0.1 }),
      analysisRow({ backbone: 'c', dataset: 'ours', clean: 0.9 }),
    ]
    const options = { protocol: 'FFT-50', perturbations: ['clean'] }
    expect(chanceTies(rows, options)).toMatchObject({ tied: 0, moved: [], datasetsWithoutClasses: ['ours'] })
    expect(chanceTies(rows, options, { classesOf: () => 10 })).toMatchObject({
      tied: 2,
      datasetsWithoutClasses: [],
      moved: [{ backbone: 'b', rank: 3, rankWithTies: 2 }],
    })
  })
})

describe('bounds over cells without a number', () => {
  const options = { protocol: 'FFT-50', perturbations: ['clean', 'Linf'] }
  const bounds = (rows: readonly StudyRow[], by: ScoreName = 'borda') => rankBounds(rows, { ...options, by }, () => 10)

  it('of a complete table are its ranking', () => {
    for (const by of ['borda', 'sum', 'geometric'] as const) {
      const { configurations, missing, refused } = rankBounds(publishedRows, { protocol: 'FFT-50', by })
      expect([missing, refused]).toEqual([0, false])
      for (const ranked of rank(publishedRows, { protocol: 'FFT-50', by })) {
        const bounded = configurations.find(
          ({ backbone, loss }) => backbone === ranked.backbone && loss === ranked.loss,
        )!
        expect(bounded.rank).toEqual([ranked.rank, ranked.rank])
        expect(bounded.score).toEqual([ranked[by], ranked[by]])
      }
    }
  })

  it('refuse the order where they cross, and keep it where nothing missing could change it', () => {
    const rows = [
      analysisRow({ backbone: 'a', clean: 0.9, Linf: 0.8 }),
      analysisRow({ backbone: 'b', clean: 0.5, Linf: null }),
      analysisRow({ backbone: 'c', clean: 0.4, Linf: 0.3 }),
    ]
    const complete = { loss: 'TRADES', missing: 0, seeds: 1, completeSeeds: 1 }
    expect(bounds(rows, 'sum')).toEqual({
      missing: 1,
      refused: true,
      configurations: [
        { backbone: 'a', ...complete, score: [expect.closeTo(1.7), expect.closeTo(1.7)], rank: [1, 1] },
        { backbone: 'b', ...complete, missing: 1, completeSeeds: 0, score: [0.5, 1.5], rank: [2, 3] },
        { backbone: 'c', ...complete, score: [0.7, 0.7], rank: [2, 3] },
      ],
    })
  })

  it('of means that are equal but for rounding are those of a tie, as in the ranking', () => {
    const rows = [
      ...[0.1, 0.2].map((clean, seed) => analysisRow({ backbone: 'a', clean, seed })),
      ...[0.15, 0.15].map((clean, seed) => analysisRow({ backbone: 'b', clean, seed })),
    ]
    const chosen = { protocol: 'FFT-50', perturbations: ['clean'] }
    expect(rank(rows, chosen).map(({ rank }) => rank)).toEqual([1, 1])
    expect(rankBounds(rows, chosen)).toMatchObject({
      refused: false,
      configurations: [
        { score: [1, 1], rank: [1, 1] },
        { score: [1, 1], rank: [1, 1] },
      ],
    })
  })

  it('count each missing seed with its share of the mean', () => {
    const rows = (diverged: boolean) => [
      ...[0.8, 0.6, null, null].map((clean, seed) =>
        analysisRow({ backbone: 'a', clean, seed, diverged: diverged && seed === 2 }),
      ),
      ...[0.5, 0.5, 0.5, 0.5].map((clean, seed) => analysisRow({ backbone: 'b', clean, seed })),
    ]
    const of = (diverged: boolean) =>
      rankBounds(rows(diverged), { protocol: 'FFT-50', by: 'sum', perturbations: ['clean'] }, () => 10)
    expect(of(false)).toMatchObject({
      missing: 2,
      refused: true,
      configurations: [{ missing: 2, seeds: 4, completeSeeds: 2, score: [0.35, 0.85], rank: [1, 2] }, { missing: 0 }],
    })
    expect(of(true).configurations[0]!.score).toEqual([0.35, 0.625]) // (0.8 + 0.6 + 1 + chance) / 4
  })

  it('let a diverged training be no better than chance, which can decide what a missing number leaves open', () => {
    const rows = (diverged: boolean) => [
      analysisRow({ backbone: 'a', clean: 0.9, Linf: 0.8 }),
      analysisRow({ backbone: 'b', clean: null, Linf: null, diverged }),
    ]
    expect(bounds(rows(true)).refused).toBe(false)
    expect(bounds(rows(true)).configurations[1]).toMatchObject({ rank: [2, 2], score: [2, 2] })
    expect(bounds(rows(false)).refused).toBe(true)
  })

  it('hold whatever the missing numbers turn out to be', () => {
    const cell = fc.record({ value: fc.integer({ min: 0, max: 5 }).map((tenths) => tenths / 5), known: fc.boolean() })
    const study = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 })
    const by = fc.constantFrom<ScoreName>('borda', 'sum', 'geometric')
    fc.assert(
      fc.property(study, by, (cells, score) => {
        const rowsOf = (hide: boolean) =>
          cells.map(([clean, linf], i) =>
            analysisRow({
              backbone: `b${i}`,
              clean: hide && !clean.known ? null : clean.value,
              Linf: hide && !linf.known ? null : linf.value,
            }),
          )
        const { configurations } = bounds(rowsOf(true), score)
        for (const truth of rank(rowsOf(false), { ...options, by: score })) {
          const bounded = configurations.find(({ backbone }) => backbone === truth.backbone)!
          expect(bounded.rank[0]).toBeLessThanOrEqual(truth.rank)
          expect(bounded.rank[1]).toBeGreaterThanOrEqual(truth.rank)
          expect(bounded.score[0]).toBeLessThanOrEqual(truth[score] + 1e-12)
          expect(bounded.score[1]).toBeGreaterThanOrEqual(truth[score] - 1e-12)
        }
      }),
      { numRuns: 300 },
    )
  })
})
