import { nestedAnova, oneWayAnova, type NestedAnova, type OneWayAnova } from '../statistics/analysis-of-variance.ts'
import { grouped, mean } from '../statistics/moments.ts'
import { tukeyTest, type TukeyPair } from '../statistics/tukey.ts'
import type { ScoredConfiguration } from './rank.ts'
import { factorNames, levelOf, type FactorName } from './study-row.ts'

/** A level of a factor, or a pair of levels, with the configurations that have it. */
export interface EffectLevel {
  readonly level: string
  readonly configurations: number
  readonly meanBorda: number
  /** Levels that share a letter do not differ by Tukey's test; the highest mean has `a`. Null without a test. */
  readonly letters: string | null
}

/** How the mean Borda differs between the levels of something. */
export interface Effect {
  /** The highest mean first. */
  readonly levels: readonly EffectLevel[]
  /** Null where it is not defined (`oneWayAnova`). */
  readonly anova: OneWayAnova | null
  /** Every pair by Tukey's test, p-values adjusted for all of them. */
  readonly tukey: readonly TukeyPair[]
}

/** How the mean Borda differs between pairs of levels of two factors. */
export interface Interaction extends Effect {
  readonly factors: readonly [FactorName, FactorName]
  readonly levels: readonly (EffectLevel & { readonly pair: readonly [string, string] })[]
  /** The first factor, and the second within it. */
  readonly nested: NestedAnova | null
}

/** The six pairs of factors, in the order in which the paper nests them: the second within the first. */
const factorPairs: readonly (readonly [FactorName, FactorName])[] = [
  ['size', 'type'],
  ['loss', 'type'],
  ['loss', 'size'],
  ['loss', 'strategy'],
  ['strategy', 'type'],
  ['strategy', 'size'],
]

/** The level at which the authors' pipeline tests (`paper_main_effects`, `paper_figure3`). */
export const publishedSignificance = 0.1

/**
 * The main effects: mean Borda of the configurations of each level of each factor, a one-way analysis of variance, and
 * Tukey's letters. The paper's notebooks call the test Welch's; what they compute is the classic one (SciPy's
 * f_oneway), and so does this. Their letters come from a greedy partition in alphabetical order, which cannot give a
 * level two letters; here they are the compact letter display.
 */
export function mainEffects(
  ranked: readonly ScoredConfiguration[],
  significance = publishedSignificance,
): Record<FactorName, Effect> {
  const effects = factorNames.map((factor) => {
    const observed = ranked.flatMap((item) => {
      const level = levelOf(item, factor)
      return level === null ? [] : [{ level, value: item.borda }]
    })
    return [factor, effectOf(observed, significance)] as const
  })
  return Object.fromEntries(effects) as Record<FactorName, Effect>
}

/**
 * The interactions of every pair of factors: mean Borda of each filled pair of levels, the one-way analysis over those
 * pairs that the paper's figures print, Tukey's letters, and the nested analysis.
 */
export function interactions(
  ranked: readonly ScoredConfiguration[],
  significance = publishedSignificance,
): Interaction[] {
  return factorPairs.map((factors) => {
    const observed = ranked.flatMap((item) => {
      const [outer, nested] = factors.map((factor) => levelOf(item, factor)) as [string | null, string | null]
      if (outer === null || nested === null) return []
      return [{ level: `${outer} × ${nested}`, value: item.borda, outer, nested }]
    })
    const pairs = new Map(observed.map(({ level, outer, nested }) => [level, [outer, nested] as const]))
    const effect = effectOf(observed, significance)
    const levels = effect.levels.map((level) => ({ ...level, pair: pairs.get(level.level)! }))
    return { factors, ...effect, levels, nested: nestedAnova(observed) }
  })
}

function effectOf(
  observed: readonly { readonly level: string; readonly value: number }[],
  significance: number,
): Effect {
  const groups = new Map(
    [...grouped(observed, ({ level }) => level)].map(([level, items]) => [level, items.map(({ value }) => value)]),
  )
  const test = tukeyTest(groups, significance)
  const letters = new Map(test?.groups.map((group) => [group.level, group.letters]))
  const levels = [...groups].map(([level, values]) => ({
    level,
    configurations: values.length,
    meanBorda: mean(values),
    letters: letters.get(level) ?? null,
  }))
  return {
    levels: levels.sort((a, b) => b.meanBorda - a.meanBorda),
    anova: oneWayAnova([...groups.values()]),
    tukey: test?.pairs ?? [],
  }
}
