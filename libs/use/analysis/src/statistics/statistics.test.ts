import { describe, expect, it } from 'vitest'
import { expectClose, expectNear, referenceFixture } from '../reference.fixture.ts'
import { holm } from './adjusted-p-values.ts'
import { nestedAnova, oneWayAnova, type VarianceEffect } from './analysis-of-variance.ts'
import { spearman } from './correlation.ts'
import { linearRegression } from './linear-regression.ts'
import { grouped } from './moments.ts'
import { fisherExactTest, waldOddsRatio } from './odds-ratio.ts'
import { comparePaired } from './paired-outcomes.ts'
import { clopperPearsonInterval, wilsonInterval } from './proportion-intervals.ts'
import { tukeyTest } from './tukey.ts'

type Values = readonly (number | null)[]
type Four = readonly [number, number, number, number]
type Effect = readonly [sumOfSquares: number, freedom: number, f: number, pValue: number, partialEtaSquared: number]

/** A random data set with ties and missing cells, and what the references say of it (data_sets.py). */
interface DataSet {
  readonly outer: readonly string[]
  readonly nested: readonly string[]
  readonly x: Values
  readonly y: Values
  readonly correlation: {
    readonly spearman: readonly [r: number, pValue: number]
    readonly slope: readonly [value: number, error: number, low: number, high: number]
    readonly intercept: readonly [value: number, error: number]
    readonly line: readonly [rSquared: number, pValue: number]
  }
  readonly anova: Effect
  readonly nestedAnova: { readonly outer: Effect; readonly nested: Effect }
  readonly tukey: {
    readonly order: readonly string[]
    readonly pValues: readonly (readonly [first: string, second: string, pValue: number])[]
    readonly letters: readonly string[]
  }
  readonly table: readonly [...Four, oddsRatio: number, waldP: number, low: number, high: number, fisherP: number]
  readonly pairs: readonly [...Four, pValue: number, low: number, high: number]
  readonly proportion: readonly [correct: number, total: number, ...wilsonThenClopperPearson: Four]
  readonly adjusted: Readonly<Record<'p' | 'holm', readonly number[]>>
}

const dataSets = referenceFixture<readonly DataSet[]>('data_sets')
/** Closed forms agree to 1e-9, p-values to 1e-6, both relative; letters at the significance of data_sets.py. */
const [form, tail, significance] = [1e-9, 1e-6, 0.1]

/** The values that are there, with their levels. */
function leveled({ outer, nested, y }: DataSet) {
  return y.flatMap((value, i) => (value === null ? [] : [{ value, outer: outer[i]!, nested: nested[i]! }]))
}

function groupsOf(dataSet: DataSet): Map<string, number[]> {
  const levels = grouped(leveled(dataSet), ({ outer }) => outer)
  return new Map([...levels].map(([name, items]) => [name, items.map(({ value }) => value)]))
}

function expectEffect(effect: VarianceEffect, [sumOfSquares, freedom, f, pValue, eta]: Effect, name: string): void {
  expect(effect.freedom).toBe(freedom)
  expectClose(effect.sumOfSquares, sumOfSquares, form, `SS of ${name}`)
  expectClose(effect.f!, f, form, `F of ${name}`)
  expectClose(effect.pValue, pValue, tail, `p of ${name}`)
  expectClose(effect.partialEtaSquared, eta, form, `η² of ${name}`)
}

describe('on 100 random data sets, as SciPy and statsmodels,', () => {
  it('which have missing cells, ties, and p-values from 1 to below 1e-40,', () => {
    expect(dataSets).toHaveLength(100)
    expect(dataSets.filter(({ y }) => y.includes(null)).length).toBeGreaterThan(80)
    expect(dataSets.filter(({ y }) => new Set(y).size < y.length).length).toBeGreaterThan(90)
    expect(Math.min(...dataSets.map(({ anova }) => anova[3]))).toBeLessThan(1e-40)
  })

  it('correlates', () => {
    for (const [i, { x, y, correlation }] of dataSets.entries()) {
      const rho = spearman(x, y)!
      expectNear(rho.r, correlation.spearman[0], form, `Spearman of ${i}`)
      expectClose(rho.pValue, correlation.spearman[1], tail, `p of Spearman of ${i}`)
    }
  })

  it('regresses', () => {
    for (const [i, { x, y, correlation }] of dataSets.entries()) {
      const { slope, intercept, rSquared, pValue } = linearRegression(x, y)!
      const found = [slope.value, slope.standardError, ...slope.interval]
      found.forEach((value, e) => expectClose(value, correlation.slope[e]!, form, `slope of ${i}`))
      expectClose(intercept.value, correlation.intercept[0], form, `intercept of ${i}`)
      expectClose(intercept.standardError, correlation.intercept[1], form, `error of the intercept of ${i}`)
      expectClose(rSquared, correlation.line[0], form, `r² of ${i}`)
      expectClose(pValue, correlation.line[1], tail, `p of the slope of ${i}`)
    }
  })

  it('analyses variance, one-way and nested, with cells that are empty', () => {
    for (const [i, dataSet] of dataSets.entries()) {
      expectEffect(oneWayAnova([...groupsOf(dataSet).values()])!.effect, dataSet.anova, `groups of ${i}`)
      const { outer, nested } = nestedAnova(leveled(dataSet))!
      expectEffect(outer, dataSet.nestedAnova.outer, `outer groups of ${i}`)
      expectEffect(nested, dataSet.nestedAnova.nested, `nested groups of ${i}`)
    }
  })

  it('compares all pairs of groups, and gives them letters', () => {
    for (const [i, dataSet] of dataSets.entries()) {
      const { groups, pairs } = tukeyTest(groupsOf(dataSet), significance)!
      const { order, letters, pValues } = dataSet.tukey
      expect(groups.map(({ level }) => level)).toEqual(order)
      expect(groups.map((group) => group.letters)).toEqual(letters)
      expect(pairs.map(({ first, second }) => [first, second])).toEqual(pValues.map((pair) => pair.slice(0, 2)))
      pairs.forEach(({ pValue }, at) => expectNear(pValue, pValues[at]![2], 1e-8, `p of Tukey of ${i}`))
    }
  })

  it('compares the counts of two groups', () => {
    for (const { table } of dataSets) {
      const [groupYes, groupNo, othersYes, othersNo, oddsRatio, waldP, low, high, fisherP] = table
      const counts = { groupYes, groupNo, othersYes, othersNo }
      const wald = waldOddsRatio(counts)!
      expectClose(wald.oddsRatio, oddsRatio, form, `odds ratio of ${table}`)
      expectClose(wald.pValue, waldP, tail, `p of Wald of ${table}`)
      expectClose(wald.interval[0], low, form, `interval of ${table}`)
      expectClose(wald.interval[1], high, form, `interval of ${table}`)
      expectClose(fisherExactTest(counts), fisherP, tail, `p of Fisher of ${table}`)
    }
  })

  it('compares two models on the same images', () => {
    for (const { pairs } of dataSets) {
      const [bothHeld, onlyFirst, onlySecond, neither, pValue, low, high] = pairs
      const found = comparePaired({ bothHeld, onlyFirst, onlySecond, neither })
      expectClose(found.pValue, pValue, tail, `p of McNemar of ${pairs}`)
      expectNear(found.interval[0], low, form, `interval of ${pairs}`)
      expectNear(found.interval[1], high, form, `interval of ${pairs}`)
    }
  })

  it('gives proportions their intervals', () => {
    for (const { proportion } of dataSets) {
      const [correct, total, ...ends] = proportion
      const found = [wilsonInterval, clopperPearsonInterval].flatMap((interval) => interval({ correct, total }))
      found.forEach((end, i) => expectNear(end, ends[i]!, form, `interval of ${correct}/${total}`))
    }
  })

  it('adjusts p-values', () => {
    for (const { adjusted } of dataSets) {
      holm(adjusted.p).forEach((p, i) => expectClose(p, adjusted.holm[i]!, form, 'Holm'))
    }
  })
})
