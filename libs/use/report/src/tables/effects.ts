import type { Effect, EffectLevel, Interaction, StudyProtocolAnalysis } from '@gauntlet/analysis'
import { decimals, exact, pValue, words, type Cell, type Column, type Row, type Table } from './table.ts'

const levelColumns: readonly Column[] = [
  { key: 'level', heading: 'level' },
  { key: 'configurations', heading: 'configurations', isNumeric: true },
  { key: 'mean-borda', heading: 'mean Borda', isNumeric: true },
  { key: 'letters', heading: 'Tukey' },
]

/** Mean Borda by the levels of each factor, with Tukey's letters. */
export function mainEffectsTable(protocol: string, { mainEffects }: StudyProtocolAnalysis): Table {
  return {
    id: `${protocol}/main-effects`,
    title: `Main effects, ${protocol}`,
    note: 'Levels of a factor that share a letter do not differ by Tukey’s test at 0.1; the highest mean has the letter a.',
    columns: [{ key: 'factor', heading: 'factor' }, ...levelColumns],
    rows: Object.entries(mainEffects).flatMap(([factor, { levels }]) => levels.map((level) => levelRow(factor, level))),
  }
}

/** Mean Borda by the pairs of levels of each pair of factors. */
export function interactionsTable(protocol: string, { interactions }: StudyProtocolAnalysis): Table {
  return {
    id: `${protocol}/interactions`,
    title: `Interactions, ${protocol}`,
    note: 'Pairs of levels that share a letter do not differ by Tukey’s test at 0.1 among the pairs of the same two factors.',
    columns: [{ key: 'factor', heading: 'factors' }, ...levelColumns],
    rows: interactions.flatMap(({ factors, levels }) => levels.map((level) => levelRow(factors.join(' × '), level))),
  }
}

function levelRow(factor: string, { level, configurations, meanBorda, letters }: EffectLevel): Row {
  return {
    key: `${factor}/${level}`,
    cells: [words(factor), words(level), exact(configurations), decimals(meanBorda, 1), words(letters)],
  }
}

const anovaColumns: readonly Column[] = [
  { key: 'source', heading: 'source' },
  { key: 'sum-of-squares', heading: 'sum of squares', isNumeric: true },
  { key: 'freedom', heading: 'df', isNumeric: true },
  { key: 'residual-freedom', heading: 'residual df', isNumeric: true },
  { key: 'f', heading: 'F', isNumeric: true },
  { key: 'p', heading: 'p', isNumeric: true },
  { key: 'partial-eta-squared', heading: 'partial η²', isNumeric: true },
]

/** The analyses of variance: of each factor, of the pairs of levels, and of a factor nested in another. */
export function anovaTable(protocol: string, { mainEffects, interactions }: StudyProtocolAnalysis): Table {
  const oneWay = (source: string, { anova }: Effect): Row[] =>
    anova ? [{ key: source, cells: varianceCells(source, anova.effect, anova.residual.freedom) }] : []
  return {
    id: `${protocol}/anova`,
    title: `Analyses of variance, ${protocol}`,
    note:
      'Of Borda. “a × b” is the one-way analysis over the pairs of levels of a and b that occur; “a” and “b within a” ' +
      'together are the nested analysis y ~ a / b with fixed effects. Analyses that are not defined are left out.',
    columns: anovaColumns,
    rows: [
      ...Object.entries(mainEffects).flatMap(([factor, effect]) => oneWay(factor, effect)),
      ...interactions.flatMap((interaction) => [
        ...oneWay(interaction.factors.join(' × '), interaction),
        ...nestedRows(interaction),
      ]),
    ],
  }
}

function nestedRows({ factors: [outer, inner], nested }: Interaction): Row[] {
  if (!nested) return []
  const first = `${outer} (${inner} within it)`
  const second = `${inner} within ${outer}`
  return [
    { key: first, cells: varianceCells(first, nested.outer, nested.residual.freedom) },
    { key: second, cells: varianceCells(second, nested.nested, nested.residual.freedom) },
  ]
}

function varianceCells(
  source: string,
  effect: NonNullable<Effect['anova']>['effect'],
  residualFreedom: number,
): Cell[] {
  return [
    words(source),
    decimals(effect.sumOfSquares, 0),
    exact(effect.freedom),
    exact(residualFreedom),
    decimals(effect.f, 2),
    pValue(effect.pValue),
    decimals(effect.partialEtaSquared, 3),
  ]
}
