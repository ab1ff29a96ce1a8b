import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyze } from './analyze.ts'
import { publishedRows } from './published.fixture.ts'
import { rank } from './rank.ts'
import { NothingToAnalyze, type StudyRow } from './study-row.ts'
import { analysisRow } from './study-row.fixture.ts'

describe('a ranking of a study under way', () => {
  it('leaves out what is not complete, and names what it lacks', () => {
    const rows = [
      analysisRow({ backbone: 'a', clean: 0.9, Linf: 0.5 }),
      analysisRow({ backbone: 'b', clean: 0.8, Linf: null }),
      analysisRow({ backbone: 'c', clean: 0.7, Linf: 0.6 }),
      analysisRow({ backbone: 'c', dataset: 'pets', clean: 0.7, Linf: 0.6 }),
      analysisRow({ backbone: 'a', dataset: 'pets', clean: 0.7, Linf: 0.5 }),
    ]
    const perturbations = ['clean', 'Linf']
    expect(rank(rows, { protocol: 'FFT-50', perturbations }).map(({ backbone }) => backbone)).toEqual(['c', 'a'])
    expect(analyze(rows, { perturbations })['FFT-50']!.unranked).toEqual([
      {
        backbone: 'b',
        loss: 'TRADES',
        size: 'small',
        missing: [
          { dataset: 'cars', perturbation: 'Linf' },
          { dataset: 'pets', perturbation: 'clean' },
          { dataset: 'pets', perturbation: 'Linf' },
        ],
      },
    ])
  })

  it('averages the seeds of a configuration, and says over how many of how many', () => {
    const rows = [
      ...[0.2, 0.4].map((clean, seed) => analysisRow({ backbone: 'a', clean, seed })),
      analysisRow({ backbone: 'b', clean: 0.1, seed: 1 }),
    ]
    expect(rank(rows, { protocol: 'FFT-50', perturbations: ['clean'] })).toMatchObject([
      { backbone: 'a', sum: expect.closeTo(0.3, 12), seeds: 2, ofSeeds: 2 },
      { backbone: 'b', sum: 0.1, seeds: 1, ofSeeds: 2 },
    ])
  })

  it('leaves out a configuration of which a seed lacks a number, or was not run on a dataset', () => {
    const row = (backbone: string, dataset: string, seed: number, clean: number | null) =>
      analysisRow({ backbone, dataset, seed, clean, Linf: clean })
    const rows = [
      row('a', 'cars', 0, 0.5),
      row('a', 'cars', 1, 0.6),
      row('a', 'pets', 0, 0.5),
      row('a', 'pets', 1, 0.5),
      row('b', 'cars', 0, 0.9),
      row('b', 'cars', 1, null),
      row('b', 'pets', 0, 0.9),
      row('b', 'pets', 1, 0.9),
      row('c', 'cars', 0, 0.9),
      row('c', 'cars', 1, 0.9),
      row('c', 'pets', 0, 0.9),
    ]
    const { unranked, ranked, scatter } = analyze(rows, { perturbations: ['clean', 'Linf'] })['FFT-50']!
    expect([ranked, scatter.map(({ backbone }) => backbone)]).toEqual([1, ['a']])
    expect(unranked.map(({ backbone, missing }) => [backbone, missing])).toEqual([
      ['b', ['clean', 'Linf'].map((perturbation) => ({ dataset: 'cars', perturbation, seed: 1 }))],
      ['c', ['clean', 'Linf'].map((perturbation) => ({ dataset: 'pets', perturbation, seed: 1 }))],
    ])
  })

  it('asks for no seed on a dataset on which nobody has it', () => {
    const rows = [
      ...['a', 'b'].flatMap((backbone) => [0, 1].map((seed) => analysisRow({ backbone, clean: 0.5, seed }))),
      ...['a', 'b'].map((backbone) => analysisRow({ backbone, dataset: 'pets', clean: 0.5, seed: 0 })),
    ]
    expect(rank(rows, { protocol: 'FFT-50', perturbations: ['clean'] })).toMatchObject([
      { backbone: 'a', seeds: 1, ofSeeds: 2 },
      { backbone: 'b', seeds: 1, ofSeeds: 2 },
    ])
  })

  it('ties accuracies that are equal but for rounding', () => {
    const rows = [
      ...[0.1, 0.2, 0.3].map((clean, seed) => analysisRow({ backbone: 'a', clean, seed })),
      analysisRow({ backbone: 'b', clean: 0.2 }),
    ]
    expect(rank(rows, { protocol: 'FFT-50', perturbations: ['clean'] }).map((item) => item.rank)).toEqual([1, 1])
    const sums = [
      analysisRow({ backbone: 'a', clean: 0.1, Linf: 0.2 }),
      analysisRow({ backbone: 'b', clean: 0.3, Linf: 0 }),
    ]
    const bySum = rank(sums, { protocol: 'FFT-50', by: 'sum', perturbations: ['clean', 'Linf'] })
    expect(bySum.map((item) => item.rank)).toEqual([1, 1])
  })
})

describe('an analysis', () => {
  it('of one configuration has its podium, and null where nothing is defined', () => {
    const { podium, mainEffects, interactions, correlations, lossOdds, tierOdds, proxy, scatter, ranked } = analyze([
      analysisRow({ backbone: 'a', clean: 0.9, Linf: 0.5, L2: 0.4, L1: 0.3, common: 0.8 }),
    ])['FFT-50']!
    expect(ranked).toBe(1)
    expect(podium['small']).toHaveLength(1)
    expect(mainEffects.size).toEqual({
      levels: [{ level: 'small', configurations: 1, meanBorda: 5, letters: null }],
      anova: null,
      tukey: [],
    })
    expect(interactions.every(({ anova, nested }) => anova === null && nested === null)).toBe(true)
    expect(correlations.groups[0]).toMatchObject({ pooled: null, meanOverDatasets: null })
    expect(lossOdds.every(({ wins, losses, odds }) => wins + losses === 0 && odds === null)).toBe(true)
    expect(tierOdds.every(({ odds }) => odds === null)).toBe(true)
    expect(proxy).toBeNull()
    expect(scatter).toEqual([expect.objectContaining({ clean: 0.9, robust: 0.5 })])
  })

  it('correlates what both of two perturbations have, where cells are missing', () => {
    const rows = [0.1, 0.2, 0.3, 0.4, 0.5].map((clean, i) =>
      analysisRow({ backbone: `b${i}`, clean, Linf: i === 0 ? null : [0, 0.4, 0.2, 0.6, 0.8][i]!, L2: clean }),
    )
    const { matrix } = analyze(rows, { perturbations: ['clean', 'Linf', 'L2'] })['FFT-50']!.correlations
    expect(matrix[0]![1]).toMatchObject({ pairs: 4, r: expect.closeTo(0.8, 12) })
    expect(matrix[0]![2]).toMatchObject({ pairs: 5, r: expect.closeTo(1, 12) })
  })

  it('counts a correlation that is negative as one: the mean is of absolute values', () => {
    const rows = [0.1, 0.2, 0.3].map((clean, i) => analysisRow({ backbone: `b${i}`, clean, Linf: 0.1 - clean / 10 }))
    const { groups, matrix } = analyze(rows, { perturbations: ['clean', 'Linf'] })['FFT-50']!.correlations
    expect(matrix[0]![1]!.r).toBe(-1)
    expect(groups[0]).toMatchObject({ level: 'all', pooled: 1, byDataset: { cars: 1 }, meanOverDatasets: 1 })
  })

  it('compares a cheap protocol with the reference over the datasets that both have, and names them', () => {
    const row = (protocol: string, dataset: string, backbone: string, clean: number) => ({
      ...analysisRow({ backbone, dataset, clean }),
      protocol,
    })
    const rows = ['a', 'b', 'c', 'd'].flatMap((backbone, i) => [
      row('FFT-50', 'cars', backbone, i / 10),
      row('FFT-50', 'food', backbone, 0.5),
      row('FFT-5', 'cars', backbone, i / 20),
      row('FFT-5', 'pets', backbone, 0.9 - i / 5), // would turn the order of the sums around
      row('LP-50', 'pets', backbone, 0.5),
    ])
    const analyses = analyze(rows, { perturbations: ['clean'] })
    expect(analyses['FFT-5']!.proxy).toMatchObject({
      datasets: ['cars'],
      all: { configurations: 4, spearman: { r: 1 }, regression: { slope: { value: expect.closeTo(2, 9) } } },
    })
    expect(analyses['FFT-5']!.proxy!.points).toContainEqual({
      backbone: 'c',
      loss: 'TRADES',
      cheap: 0.1,
      reference: 0.2,
    })
    expect(analyses['LP-50']!.proxy).toBeNull()
  })

  it('of nothing says what to do', () => {
    expect(() => analyze([])).toThrow(NothingToAnalyze)
    expect(() => rank([], { protocol: 'FFT-50' })).toThrow(
      'There are no rows to analyse; import a table or run a study first.',
    )
    expect(() => rank([analysisRow({ backbone: 'a', clean: 1 })], { protocol: 'FFT-5' })).toThrow(
      "No row has the protocol 'FFT-5'; choose one of FFT-50.",
    )
  })

  it('is plain JSON', () => {
    const analysis = analyze(publishedRows)
    expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis)
  })

  it('does not depend on the order of the rows, but for the order of levels with equal means', () => {
    const rows = publishedRows.filter(({ protocol }) => protocol === 'LP-50')
    fc.assert(
      fc.property(fc.shuffledSubarray([...rows], { minLength: rows.length }), (shuffled: StudyRow[]) => {
        expect(rank(shuffled, { protocol: 'LP-50' })).toEqual(rank(rows, { protocol: 'LP-50' }))
      }),
      { numRuns: 5 },
    )
  })

  it('of a factor that nobody knows leaves those backbones out of its groups', () => {
    const factors = { size: null, type: null, strategy: null }
    const rows = ['a', 'b', 'c'].map((backbone, i) => ({ ...analysisRow({ backbone, clean: i / 10 }), factors }))
    const { mainEffects, podium, ranked } = analyze(rows, { perturbations: ['clean'] })['FFT-50']!
    expect(ranked).toBe(3)
    expect(mainEffects.size.levels).toEqual([])
    expect(mainEffects.loss.levels).toHaveLength(1)
    expect(podium).toEqual({})
  })
})
