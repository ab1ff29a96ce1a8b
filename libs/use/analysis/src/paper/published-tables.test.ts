import { describe, expect, it } from 'vitest'
import { analyze, type ProtocolAnalysis } from './analyze.ts'
import { publishedRows } from './published.fixture.ts'
import { rank } from './rank.ts'

/*
 * The published numbers below are the outputs of the authors' notebooks (GitHub MaxHeuillet/robust_training, 4c886c18,
 * results_analysis): latex_tables/*.tex, paper_global_tables, paper_main_effects, paper_figure3, paper_figure5 and
 * paper_figure8, at the precision at which they are printed.
 */

const analysis = analyze(publishedRows)
const of = (protocol: string): ProtocolAnalysis => analysis[protocol]!

/** A number at the precision at which the notebooks print p-values. */
const short = (value: number | undefined | null) => Number(value?.toPrecision(3))

describe('the ranking of the published measurements', () => {
  it.each([
    ['FFT-50', 1, 'convnext_base.fb_in22k', 'TRADES', 2281, 19.789302],
    ['FFT-50', 2, 'coatnet_2_rw_224.sw_in12k_ft_in1k', 'TRADES', 2127, 18.743905],
    ['FFT-50', 3, 'coatnet_2_rw_224.sw_in12k', 'TRADES', 2116, 18.874429],
    ['FFT-50', 18, 'robust_convnext_base', 'Classic AT', 1653, 13.771698],
    ['FFT-50', 18, 'coat_tiny.in1k', 'TRADES', 1653, 15.828016],
    ['FFT-50', 44, 'vit_base_patch16_224.mae', 'Classic AT', 1049, 10.652857],
    ['FFT-50', 80, 'efficientnet-b0', 'TRADES', 329, 3.46519],
    ['FFT-5', 1, 'robust_convnext_tiny', 'TRADES', 1987, 6.071905],
    ['FFT-5', 2, 'robust_resnet50', 'Classic AT', 1770, 6.600286],
    ['FFT-5', 6, 'vit_base_patch16_224.augreg_in1k', 'Classic AT', 1502, 2.715952],
  ])('%s: rank %i is %s with %s', (protocol, place, backbone, loss, borda, sum) => {
    const found = rank(publishedRows, { protocol }).find((item) => item.backbone === backbone && item.loss === loss)
    expect(found).toMatchObject({ rank: place, borda })
    expect(found?.sum).toBeCloseTo(sum, 6)
  })

  it('by the other scores is the published one', () => {
    const [best] = rank(publishedRows, { protocol: 'FFT-50', by: 'geometric' })
    expect(best).toMatchObject({ backbone: 'convnext_base.fb_in22k', rank: 1, geometric: expect.closeTo(1.320645, 6) })
    const third = rank(publishedRows, { protocol: 'FFT-50', by: 'sum' })[2]
    expect(third).toMatchObject({ backbone: 'coatnet_2_rw_224.sw_in12k', rank: 3 })
  })

  it('lists equals by their sum', () => {
    const equals = rank(publishedRows, { protocol: 'FFT-50' }).filter((item) => item.rank === 18)
    expect(equals.map(({ backbone }) => backbone)).toEqual(['coat_tiny.in1k', 'robust_convnext_base'])
  })

  it('holds the 80 configurations of each protocol, and exactly what its callers print', () => {
    for (const protocol of ['FFT-50', 'FFT-5', 'LP-50']) expect(rank(publishedRows, { protocol })).toHaveLength(80)
    const keys = ['backbone', 'loss', 'size', 'borda', 'sum', 'geometric', 'rank', 'seeds', 'ofSeeds']
    expect(Object.keys(rank(publishedRows, { protocol: 'LP-50' })[0]!)).toEqual(keys)
  })
})

describe('the podium tables', () => {
  /** Global ranks of gold, silver and bronze by size class (latex_tables/FFT_50_epochs.tex and the other two). */
  it.each([
    ['FFT-50', { small: [18, 23, 33], medium: [14, 15, 20], large: [1, 2, 3] }],
    ['FFT-5', { small: [16, 18, 34], medium: [1, 2, 3], large: [6, 7, 8] }],
    ['LP-50', { small: [9, 10, 43], medium: [1, 2, 3], large: [6, 8, 11] }],
  ])('%s', (protocol, ranks) => {
    const { podium } = of(protocol)
    const found = Object.entries(podium).map(([size, places]) => [size, places.map(({ globalRank }) => globalRank)])
    expect(Object.fromEntries(found)).toEqual(ranks)
  })

  it('of FFT-50 and LP-50 name the published configurations', () => {
    expect(of('FFT-50').podium['small']!.map(({ place, backbone, loss }) => [place, backbone, loss])).toEqual([
      [1, 'coat_tiny.in1k', 'TRADES'],
      [2, 'edgenext_small.usi_in1k', 'TRADES'],
      [3, 'edgenext_small.usi_in1k', 'Classic AT'],
    ])
    expect(of('LP-50').podium['large']!.map(({ backbone, loss }) => [backbone, loss])).toEqual([
      ['robust_convnext_base', 'TRADES'],
      ['robust_convnext_base', 'Classic AT'],
      ['swin_base_patch4_window7_224.ms_in22k_ft_in1k', 'TRADES'],
    ])
  })
})

describe('the effects of FFT-50', () => {
  const { mainEffects, interactions } = of('FFT-50')

  it('mean Borda by strategy, and its analysis of variance', () => {
    const means = Object.fromEntries(mainEffects.strategy.levels.map(({ level, meanBorda }) => [level, meanBorda]))
    expect(means).toEqual({
      fusion: 1241.75,
      'self-supervised': 1006.75,
      'self-supervised (multimodal)': expect.closeTo(1566.833333, 6),
      supervised: expect.closeTo(1085.65, 6),
      'supervised (multistep)': expect.closeTo(1420.583333, 6),
      'supervised (robust)': 1339.5,
    })
    const { effect, residual } = mainEffects.strategy.anova!
    expect(effect.sumOfSquares).toBeCloseTo(2413609.15, 2)
    expect(residual.sumOfSquares).toBeCloseTo(17914803.6, 2)
    expect([effect.freedom, residual.freedom]).toEqual([5, 74])
    expect(effect.f).toBeCloseTo(1.993961, 6)
    expect(effect.pValue).toBeCloseTo(0.089397, 6)
    expect(effect.partialEtaSquared).toBeCloseTo(2413609.15 / (2413609.15 + 17914803.6), 9)
  })

  /** The p-values that paper_figure3 prints. */
  it.each([
    ['size', 'type', 3.34393379387556e-10],
    ['loss', 'type', 0.005198919606017721],
    ['loss', 'size', 9.74921415826036e-7],
    ['loss', 'strategy', 0.12295316265526897],
    ['strategy', 'type', 0.04036336819364573],
    ['strategy', 'size', 0.00012731104487519258],
  ])('of %s × %s', (outer, nested, pValue) => {
    const found = interactions.find(({ factors }) => factors[0] === outer && factors[1] === nested)
    expect(found!.anova!.effect.pValue / pValue).toBeCloseTo(1, 9)
  })

  it('of pairs of levels: means, and the nested analysis where every pair is there', () => {
    const [sizeType, , lossSize] = interactions
    const means = new Map(sizeType!.levels.map(({ level, meanBorda }) => [level, meanBorda]))
    expect(means.get('large × fully convolutional')).toBeCloseTo(1797.428571, 6)
    expect(means.get('small × fully convolutional')).toBeCloseTo(644.833333, 6)
    expect(sizeType!.levels[0]!.pair).toEqual(['large', 'hybrid'])
    expect(sizeType!.nested!.outer.f).toBeCloseTo(24.64637, 5)
    expect(sizeType!.nested!.nested.f).toBeCloseTo(6.910035, 6)
    expect(sizeType!.nested!.nested.pValue / 8.287429e-6).toBeCloseTo(1, 6)
    expect(lossSize!.nested!.outer.pValue).toBeCloseTo(0.007833, 6)
    expect(lossSize!.nested!.nested.f).toBeCloseTo(9.425389, 6)
  })

  it('large models differ from the others by Tukey’s test, and hybrids from nobody', () => {
    const letters = (name: 'size' | 'type') => mainEffects[name].levels.map((level) => [level.level, level.letters])
    expect(letters('size')).toEqual([
      ['large', 'a'],
      ['medium', 'b'],
      ['small', 'b'],
    ])
    expect(letters('type')).toEqual([
      ['fully convolutional', 'a'],
      ['hybrid', 'ab'],
      ['fully attention', 'b'],
    ])
  })
})

describe('the correlations of FFT-50', () => {
  const { groups, matrix, perturbations } = of('FFT-50').correlations
  const group = (level: string) => groups.find((item) => item.level === level)!

  /** latex_tables/correlation_matrix.tex. */
  it.each([
    ['all', 0.85],
    ['Classic AT', 0.897],
    ['TRADES', 0.839],
    ['large', 0.902],
    ['medium', 0.788],
    ['small', 0.748],
    ['fully attention', 0.867],
    ['fully convolutional', 0.813],
    ['hybrid', 0.908],
    ['fusion', 0.888],
    ['self-supervised', 0.843],
    ['self-supervised (multimodal)', 0.896],
    ['supervised', 0.817],
    ['supervised (multistep)', 0.904],
    ['supervised (robust)', 0.854],
  ])('mean absolute, %s', (level, value) => {
    expect(group(level).pooled).toBeCloseTo(value, 3)
  })

  it('within each dataset, and their mean', () => {
    const { byDataset, meanOverDatasets } = group('all')
    expect(Object.keys(byDataset)).toHaveLength(6)
    expect(byDataset['caltech101']).toBeCloseTo(0.847, 3)
    expect(byDataset['oxford-iiit-pet']).toBeCloseTo(0.681, 3)
    const values = Object.values(byDataset) as number[]
    expect(meanOverDatasets).toBeCloseTo(values.reduce((a, b) => a + b, 0) / 6, 12)
  })

  it('matrix: symmetric, 1 on the diagonal, and its mean is that of all', () => {
    expect(perturbations).toEqual(['clean', 'Linf', 'L2', 'L1', 'common'])
    expect(matrix.map((row, i) => row[i]!.r)).toEqual([1, 1, 1, 1, 1])
    expect(matrix[0]![4]).toEqual(matrix[4]![0])
    expect(matrix[1]![2]!.r).toBeCloseTo(0.966, 3)
    const off = matrix.flatMap((row, i) => row.filter((_, j) => i !== j).map((cell) => Math.abs(cell!.r)))
    expect(off.reduce((a, b) => a + b, 0) / off.length).toBeCloseTo(group('all').pooled!, 12)
  })
})

describe('the odds that TRADES beats Classic AT, by the sum, as published', () => {
  it.each([
    ['FFT-50', 'small', 5, 2, 6.25, 0.2861305],
    ['FFT-5', 'small', 4, 3, 1.777778, 1],
    ['LP-50', 'small', 3, 4, 0.5625, 1],
    ['FFT-50', 'medium', 11, 4, 7.5625, 0.02683773],
    ['FFT-5', 'medium', 7, 8, 0.765625, 1],
    ['LP-50', 'medium', 10, 5, 4, 0.143111],
    ['FFT-50', 'large', 18, 0, null, 2.203824e-10],
    ['FFT-5', 'large', 15, 3, 25, 1.519735e-4],
    ['LP-50', 'large', 15, 3, 25, 1.519735e-4],
  ])('%s, %s', (protocol, size, wins, losses, oddsRatio, pValue) => {
    const found = of(protocol).lossOdds.find((item) => item.by === 'sum' && item.level === size)!
    expect(found).toMatchObject({ factor: 'size', wins, losses, ties: 0 })
    expect(short(found.published.oddsRatio ?? 0)).toBe(short(oddsRatio ?? 0))
    expect(found.published.oddsRatio === null).toBe(oddsRatio === null)
    expect(found.published.pValue / pValue).toBeCloseTo(1, 6)
  })

  it('with tests that count every backbone once: the exact sign test, adjusted for the three size classes', () => {
    const large = (by: string) => of('FFT-50').lossOdds.find((item) => item.by === by && item.level === 'large')!
    expect(large('sum')).toMatchObject({ odds: null, pValue: expect.closeTo(2 ** -17, 15) })
    expect(large('sum').interval![0]).toBeGreaterThan(1)
    expect(large('sum').interval![1]).toBeNull()
    expect(large('sum').adjustedPValue).toBeCloseTo(3 * 2 ** -17, 12)
    expect(large('borda')).toMatchObject({ wins: 17, losses: 1, odds: 17 })
    expect(large('borda').pValue).toBeCloseTo(38 * 2 ** -18, 12) // 2 (1 + 18) / 2¹⁸
    expect(large('borda').interval![1]).toBeGreaterThan(17)
  })
})

describe('the top third by the sum', () => {
  it('of each size class of FFT-50 has a third of its configurations, and TRADES is in it more often', () => {
    const { tierOdds } = of('FFT-50')
    const trades = tierOdds.filter(({ level }) => level === 'TRADES')
    const classic = tierOdds.filter(({ level }) => level === 'Classic AT')
    const tiers = trades.map(({ size, inTier }, i) => [size, inTier + classic[i]!.inTier])
    expect(Object.fromEntries(tiers)).toEqual({ large: 12, medium: 10, small: 5 })
    const large = trades.find(({ size }) => size === 'large')!
    expect(large.odds!.oddsRatio).toBeCloseTo((10 * 16) / (8 * 2), 9)
    expect(classic.find(({ size }) => size === 'large')!.odds!.oddsRatio).toBeCloseTo(0.1, 9)
  })
})

describe('cheap protocols as proxies of FFT-50', () => {
  /** Spearman's r that the lines of paper_figure8 are labelled with. */
  it.each([
    ['FFT-5', 0.44, 0.52, 0.1],
    ['LP-50', 0.65, 0.77, 0.45],
  ])('%s', (protocol, all, trades, classic) => {
    const proxy = of(protocol).proxy!
    expect(proxy.reference).toBe('FFT-50')
    expect(proxy.all.spearman!.r).toBeCloseTo(all, 2)
    expect(proxy.byLoss['TRADES']!.spearman!.r).toBeCloseTo(trades, 2)
    expect(proxy.byLoss['Classic AT']!.spearman!.r).toBeCloseTo(classic, 2)
    expect(proxy.byLoss['TRADES']!.spearman!.pValue).toBeLessThan(0.001)
    expect(proxy.all.regression!.slope.interval[0]).toBeGreaterThan(0)
  })

  it('FFT-50 is none of itself', () => {
    expect(of('FFT-50').proxy).toBeNull()
  })
})
