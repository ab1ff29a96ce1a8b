import { describe, expect, it } from 'vitest'
import { holm } from './adjusted-p-values.ts'
import { nestedAnova, oneWayAnova } from './analysis-of-variance.ts'
import { spearman } from './correlation.ts'
import { linearRegression } from './linear-regression.ts'
import { fisherExactTest, waldOddsRatio } from './odds-ratio.ts'
import { comparePaired } from './paired-outcomes.ts'
import { tukeyTest } from './tukey.ts'

describe('what is not defined is null, and no number', () => {
  it('a correlation of fewer than three pairs, or with a side that does not vary', () => {
    expect(spearman([1, 2], [3, 4])).toBeNull()
    expect(spearman([1, 2, null, 4], [3, 4, 5, null])).toBeNull()
    expect(spearman([1, 2, 3], [5, 5, 5])).toBeNull()
    expect(spearman([1, 1, 1, 1], [1, 2, 3, 4])).toBeNull()
  })

  it('a regression of fewer than three pairs, or on what does not vary', () => {
    expect(linearRegression([1, 2], [3, 4])).toBeNull()
    expect(linearRegression([2, 2, 2], [3, 4, 5])).toBeNull()
    expect(linearRegression([0.1, 0.1, 0.1], [0.6, 1.3, 0.9])).toBeNull() // their mean is 0.10000000000000002
  })

  it('an analysis of variance of one group, of single values, of equal values, of nothing', () => {
    expect(oneWayAnova([[1, 2, 3]])).toBeNull()
    expect(oneWayAnova([[1], [2]])).toBeNull()
    expect(
      oneWayAnova([
        [2, 2],
        [2, 2],
      ]),
    ).toBeNull()
    expect(oneWayAnova([])).toBeNull()
    expect(nestedAnova([])).toBeNull()
    expect(nestedAnova([{ value: 1, outer: 'a', nested: 'x' }])).toBeNull()
  })

  it('Tukey’s test of one group, of single values, of groups without variance', () => {
    expect(tukeyTest(new Map([['a', [1, 2]]]), 0.05)).toBeNull()
    expect(
      tukeyTest(
        new Map([
          ['a', [1]],
          ['b', [2]],
        ]),
        0.05,
      ),
    ).toBeNull()
    expect(
      tukeyTest(
        new Map([
          ['a', [1, 1]],
          ['b', [2, 2]],
        ]),
        0.05,
      ),
    ).toBeNull()
  })

  it('an odds ratio with an empty row or column', () => {
    expect(waldOddsRatio({ groupYes: 0, groupNo: 3, othersYes: 0, othersNo: 4 })).toBeNull()
    expect(waldOddsRatio({ groupYes: 0, groupNo: 0, othersYes: 2, othersNo: 4 })).toBeNull()
  })
})

describe('at their ends', () => {
  it('points on a line have a slope of p 0, and flat ones one of p 1', () => {
    expect(linearRegression([1, 2, 3], [2, 4, 6])).toMatchObject({ rSquared: 1, pValue: 0 })
    expect(linearRegression([1, 2, 3], [4, 4, 4])).toMatchObject({ rSquared: 0, pValue: 1 })
    expect(linearRegression([1, 2, 3], [0.1, 0.1, 0.1])).toMatchObject({ rSquared: 0, pValue: 1 })
    expect(spearman([1, 2, 3], [10, 20, 21])).toEqual({ r: 1, pValue: 0, pairs: 3 })
  })

  it('groups without variance inside have no F, and p 0', () => {
    expect(
      oneWayAnova([
        [1, 1],
        [2, 2],
      ])!.effect,
    ).toMatchObject({ f: null, pValue: 0, partialEtaSquared: 1 })
  })

  it('tests of nothing have p 1', () => {
    expect(fisherExactTest({ groupYes: 0, groupNo: 0, othersYes: 0, othersNo: 0 })).toBeCloseTo(1, 12)
    expect(comparePaired({ bothHeld: 3, onlyFirst: 0, onlySecond: 0, neither: 2 })).toMatchObject({
      difference: 0,
      pValue: 1,
    })
    expect(holm([])).toEqual([])
  })
})
