import { fTails } from '../distributions/continuous.ts'
import { grouped, mean, sumOfSquares } from './moments.ts'

/** One line of an analysis of variance. */
export interface VarianceEffect {
  readonly sumOfSquares: number
  readonly freedom: number
  /** The effect's mean square over the residual's; null where the residual is 0. */
  readonly f: number | null
  readonly pValue: number
  /**
   * SS effect / (SS effect + SS residual) (Cohen 1973): the share of what the other effects leave. Chosen over η²,
   * whose denominator grows with every factor, so that effects of different analyses compare; with one factor they are
   * equal.
   */
  readonly partialEtaSquared: number
}

/** What the effects leave. */
export interface Residual {
  readonly sumOfSquares: number
  readonly freedom: number
  readonly meanSquare: number
}

/** One-way analysis of variance: do the means of the groups differ? */
export interface OneWayAnova {
  readonly effect: VarianceEffect
  readonly residual: Residual
}

/** Analysis of variance of a factor and another one nested in it. */
export interface NestedAnova {
  readonly outer: VarianceEffect
  readonly nested: VarianceEffect
  readonly residual: Residual
}

/** A value with the levels of its factors. */
export interface Leveled {
  readonly value: number
  readonly outer: string
  readonly nested: string
}

/**
 * One-way analysis of variance with equal variances (Fisher; SciPy's f_oneway). Null where it is not defined: fewer
 * than two groups, no residual degree of freedom, or all values equal.
 */
export function oneWayAnova(groups: readonly (readonly number[])[]): OneWayAnova | null {
  const filled = groups.filter((group) => group.length > 0)
  const all = filled.flat()
  const within = total(filled.map(sumOfSquares))
  const residual = residualOf(within, all.length - filled.length)
  const effect = effectOf(betweenGroups(filled, mean(all)), filled.length - 1, residual)
  return effect && { effect, residual }
}

/**
 * Analysis of variance of `outer`, and of `nested` within each level of it: the model y ~ outer / nested. Both effects
 * are fixed (tested against the residual), since the levels that a study has (sizes, types, strategies) are the ones
 * it asks about, not draws from more. Sums of squares are hierarchical (type I with the outer factor first), which
 * needs no balance and no filled cells; where every cell is filled it equals what statsmodels' `anova_lm(typ=2)` says.
 * Where one is empty, statsmodels counts degrees of freedom that are not there. Null where it is not defined.
 */
export function nestedAnova(values: readonly Leveled[]): NestedAnova | null {
  const all = values.map(({ value }) => value)
  const outer = [...grouped(values, (item) => item.outer).values()]
  const cells = outer.map((items) =>
    [...grouped(items, (item) => item.nested).values()].map((cell) => cell.map(({ value }) => value)),
  )
  const count = cells.flat().length
  const residual = residualOf(total(cells.flat().map(sumOfSquares)), all.length - count)
  const between = betweenGroups(
    cells.map((inside) => inside.flat()),
    mean(all),
  )
  const within = total(cells.map((inside) => betweenGroups(inside, mean(inside.flat()))))
  const outerEffect = effectOf(between, outer.length - 1, residual)
  const nestedEffect = effectOf(within, count - outer.length, residual)
  return outerEffect && nestedEffect && { outer: outerEffect, nested: nestedEffect, residual }
}

function betweenGroups(groups: readonly (readonly number[])[], centre: number): number {
  return total(groups.map((group) => group.length * (mean(group) - centre) ** 2))
}

function residualOf(sum: number, freedom: number): Residual {
  return { sumOfSquares: sum, freedom, meanSquare: sum / freedom }
}

function effectOf(sum: number, freedom: number, residual: Residual): VarianceEffect | null {
  if (freedom < 1 || residual.freedom < 1 || sum + residual.sumOfSquares === 0) return null
  const f = sum / freedom / residual.meanSquare
  return {
    sumOfSquares: sum,
    freedom,
    f: Number.isFinite(f) ? f : null,
    pValue: fTails(f, freedom, residual.freedom).upper,
    partialEtaSquared: sum / (sum + residual.sumOfSquares),
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
