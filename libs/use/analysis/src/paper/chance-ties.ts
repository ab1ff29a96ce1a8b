import { spearman } from '../statistics/correlation.ts'
import { ranksFromTop } from '../statistics/ranks.ts'
import { catalogueClasses, chanceFactor, chanceLimit, type ClassesOf } from './chance.ts'
import { columnsOf, missingCells, protocolTable } from './protocol-table.ts'
import type { RankOptions } from './rank.ts'
import { scoreColumns } from './score-columns.ts'
import { studyPerturbations, type StudyRow } from './study-row.ts'

/** How a ranking changes when numbers at chance are no longer told apart. */
export interface ChanceTies {
  /** Numbers up to this many times chance are tied. */
  readonly factor: number
  /** How many numbers were tied, of how many. */
  readonly tied: number
  readonly cells: number
  /** Datasets left as they are because nobody knows how many classes they have. */
  readonly datasetsWithoutClasses: readonly string[]
  /** Spearman's correlation of the two rankings; null where it is not defined. */
  readonly agreement: number | null
  /** Those that move, the furthest first. */
  readonly moved: readonly MovedConfiguration[]
}

/** A configuration whose rank hangs on numbers at chance. */
export interface MovedConfiguration {
  readonly backbone: string
  readonly loss: string
  readonly rank: number
  readonly rankWithTies: number
}

/**
 * Ranks the complete configurations of a protocol twice: as measured, and with every accuracy up to `factor` times
 * chance raised to that limit, so that such numbers tie. Why: a collapsed model that always answers one class keeps
 * chance accuracy under every attack, which beats the exact 0 of a model that learnt something; Borda points of such
 * columns are noise. In the published LP-50 ranking they carry backbones to the top that loaded no weights.
 */
export function chanceTies(
  rows: readonly StudyRow[],
  { protocol, by = 'borda', perturbations = studyPerturbations }: RankOptions,
  { factor = chanceFactor, classesOf = catalogueClasses }: { factor?: number; classesOf?: ClassesOf } = {},
): ChanceTies {
  const table = protocolTable(rows, protocol, perturbations)
  const complete = table.configurations.filter((item) => missingCells(table, item).length === 0)
  const limits = table.datasets.map((dataset) => chanceLimit(dataset, classesOf, factor))
  const measured = columnsOf(table, complete, ({ accuracies }, d, p) => accuracies[d]![p]!)
  const withTies = measured.map((columns, d) =>
    columns.map((column) => column.map((accuracy) => Math.max(accuracy, limits[d] ?? 0))),
  )
  const before = ranksFromTop(scoreColumns(measured, by))
  const after = ranksFromTop(scoreColumns(withTies, by))
  const moved = complete
    .map(({ backbone, loss }, i) => ({ backbone, loss, rank: before[i]!, rankWithTies: after[i]! }))
    .filter(({ rank, rankWithTies }) => rank !== rankWithTies)
  const all = measured.flatMap((columns, d) =>
    columns.flatMap((column) => Array.from(column, (value) => ({ value, d }))),
  )
  return {
    factor,
    tied: all.filter(({ value, d }) => limits[d] != null && value <= limits[d]!).length,
    cells: all.length,
    datasetsWithoutClasses: table.datasets.filter((_, d) => limits[d] === null),
    agreement: spearman(Array.from(before), Array.from(after))?.r ?? null,
    moved: moved.toSorted((a, b) => distance(b) - distance(a)),
  }
}

function distance({ rank, rankWithTies }: MovedConfiguration): number {
  return Math.abs(rank - rankWithTies)
}
