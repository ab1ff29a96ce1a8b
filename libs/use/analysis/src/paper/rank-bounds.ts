import { mean } from '../statistics/moments.ts'
import { catalogueClasses, type ClassesOf } from './chance.ts'
import { columnsOf, missingCells, protocolTable, type Configuration, type ProtocolTable } from './protocol-table.ts'
import type { RankOptions } from './rank.ts'
import { scoreColumns, settled, type ScoreName } from './score-columns.ts'
import { studyPerturbations, type StudyRow } from './study-row.ts'

/** What missing and diverged cells leave open about one configuration. */
export interface BoundedConfiguration {
  readonly backbone: string
  readonly loss: string
  /** Numbers that it lacks, of any of its seeds. */
  readonly missing: number
  readonly seeds: number
  /** Seeds that have all their numbers. */
  readonly completeSeeds: number
  /** The lowest and the highest score it can have. */
  readonly score: readonly [number, number]
  /** The best and the worst rank it can have. */
  readonly rank: readonly [number, number]
}

/** The worst and the best case of a ranking over cells without a number. */
export interface RankBounds {
  /** In the order of the rows. */
  readonly configurations: readonly BoundedConfiguration[]
  /** Numbers that any configuration lacks. */
  readonly missing: number
  /** Some order is open, so that there is no ranking of all: the bounds of two configurations cross. */
  readonly refused: boolean
}

/** A column of the table with the least and the largest number that each configuration can have in it. */
interface BoundedColumn {
  readonly low: Float64Array
  readonly high: Float64Array
}

/**
 * The worst and best case of a ranking over missing and diverged cells (after Manski's bounds): a missing accuracy may
 * be anything in [0, 1]; one of a training that diverged anything from 0 to chance (to 1 where nobody knows the number
 * of classes). Of several seeds, each that is missing moves the mean by its own share. A configuration is sure to stand
 * above another where its lowest score is higher than the other's highest; where bounds cross, the ranking refuses to
 * say. Borda points of a complete configuration are bounded too, since they count whom it beats. Bounds of ranks follow
 * from bounds of scores, so they hold, and may be wider than need be.
 */
export function rankBounds(
  rows: readonly StudyRow[],
  { protocol, by = 'borda', perturbations = studyPerturbations }: RankOptions,
  classesOf: ClassesOf = catalogueClasses,
): RankBounds {
  const table = protocolTable(rows, protocol, perturbations)
  const { configurations } = table
  const columns = boundedColumns(table, classesOf)
  const scores = boundsOf[by](columns)
  const places = rankRanges(scores)
  const missing = configurations.map((item) => missingCells(table, item).length)
  return {
    configurations: configurations.map((item, i) => ({
      backbone: item.backbone,
      loss: item.loss,
      missing: missing[i]!,
      ...seedCounts(item),
      score: [scores.low[i]!, scores.high[i]!],
      rank: places[i]!,
    })),
    missing: missing.reduce((sum, count) => sum + count, 0),
    refused: places.some(([best, worst]) => best !== worst),
  }
}

function seedCounts({ numbers }: Configuration): Pick<BoundedConfiguration, 'seeds' | 'completeSeeds'> {
  const all = numbers.flat(2)
  const seeds = new Set(all.map(({ seed }) => seed)).size
  const lacking = new Set(all.filter(({ accuracy }) => accuracy === null).map(({ seed }) => seed)).size
  return { seeds, completeSeeds: seeds - lacking }
}

function boundedColumns(table: ProtocolTable, classesOf: ClassesOf): BoundedColumn[][] {
  const { configurations, datasets } = table
  const ceilings = datasets.map((dataset) => {
    const classes = classesOf(dataset)
    return classes === null ? 1 : 1 / classes
  })
  const low = columnsOf(table, configurations, ({ numbers }, d, p) =>
    mean(numbers[d]![p]!.map(({ accuracy }) => accuracy ?? 0)),
  )
  const high = columnsOf(table, configurations, ({ numbers }, d, p) =>
    mean(numbers[d]![p]!.map(({ accuracy, diverged }) => accuracy ?? (diverged ? ceilings[d]! : 1))),
  )
  return low.map((columns, d) => columns.map((column, p) => ({ low: column, high: high[d]![p]! })))
}

const boundsOf: Readonly<Record<ScoreName, (columns: readonly (readonly BoundedColumn[])[]) => BoundedColumn>> = {
  sum: (columns) => monotoneBounds(columns, 'sum'),
  geometric: (columns) => monotoneBounds(columns, 'geometric'),
  borda: (columns) => {
    const points = columns.flat().map(bordaBounds)
    const add = (end: 'low' | 'high') =>
      Float64Array.from(points[0]!.low, (_, i) => points.reduce((sum, column) => sum + column[end][i]!, 0))
    return { low: add('low'), high: add('high') }
  },
}

/** Sums and products of accuracies grow with each of them, so their bounds are those of the bounds. */
function monotoneBounds(columns: readonly (readonly BoundedColumn[])[], by: ScoreName): BoundedColumn {
  const at = (end: 'low' | 'high') =>
    scoreColumns(
      columns.map((dataset) => dataset.map((column) => column[end])),
      by,
    )
  return { low: at('low'), high: at('high') }
}

/**
 * The fewest points are those at its lowest among the others' highest, the most those the other way round. Accuracies
 * that differ by rounding alone are equal, as in `scoreColumns`.
 */
function bordaBounds(column: BoundedColumn): BoundedColumn {
  const [low, high] = [column.low.map(settled), column.high.map(settled)]
  const [lows, highs] = [low.toSorted(), high.toSorted()]
  return {
    low: low.map((value) => 1 + countBelow(highs, value)),
    high: high.map((value, i) => 1 + countBelow(lows, value) - (low[i]! < value ? 1 : 0)),
  }
}

function rankRanges({ low, high }: BoundedColumn): (readonly [number, number])[] {
  const [lows, highs] = [low.map((value) => -value).toSorted(), high.map((value) => -value).toSorted()]
  return Array.from(low, (value, i) => {
    const itself = high[i]! > value ? 1 : 0
    return [1 + countBelow(lows, -high[i]!), 1 + countBelow(highs, -value) - itself] as const
  })
}

/** How many of sorted numbers are smaller than a number. */
function countBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
