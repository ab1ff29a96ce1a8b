import {
  evidenceOf,
  perturbationNames,
  type BoundedConfiguration,
  type RankBounds,
  type RankedConfiguration,
  type RankUncertainty,
  type ScoreName,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { listed } from './listed.ts'
import { renderTable, type Column } from './table.ts'
import { count } from './count.ts'

/** What is known of a ranking besides its scores. */
interface RankingFacts {
  readonly protocol: string
  readonly bounds: RankBounds
  /** Null where nothing was resampled. */
  readonly uncertainty: RankUncertainty | null
}

/** A ranked configuration with what its rank hangs on. */
export type RankedRow = RankedConfiguration & {
  readonly doubted?: number
  readonly bridged?: number
  readonly rankInterval?: readonly [number, number]
  readonly firstShare?: number
  readonly rankBounds?: readonly [number, number]
}

/** The configurations of a ranking, the best first, with what their ranks hang on. */
export function rankedRows(
  study: StudyNumbers,
  ranked: readonly RankedConfiguration[],
  { protocol, bounds, uncertainty }: RankingFacts,
): RankedRow[] {
  return ranked.map((one) => ({
    ...one,
    ...intervalsOf(uncertainty, one),
    ...boundsOf(bounds, one),
    ...marksOf(study, protocol, one),
  }))
}

/** The ranking as a table, and what it rests on in sentences. */
export function renderRanking(
  study: StudyNumbers,
  rows: readonly RankedRow[],
  facts: RankingFacts & { readonly by: ScoreName },
): string {
  const table =
    rows.length > 0
      ? renderTable(columnsOf(rows), rows)
      : `No configuration of ${facts.protocol} has all its numbers yet.`
  return [table, ...notesOf(study, facts)].join('\n\n')
}

/** What outcomes say of a configuration, where they were resampled. */
function intervalsOf(uncertainty: RankUncertainty | null, { backbone, loss }: RankedConfiguration) {
  const found = uncertainty?.configurations.find((one) => one.backbone === backbone && one.loss === loss)
  return found ? { rankInterval: found.rankInterval, firstShare: found.firstShare } : {}
}

/** The best and the worst rank among all configurations, the incomplete ones included, where numbers are missing. */
function boundsOf({ configurations, missing }: RankBounds, { backbone, loss }: RankedConfiguration) {
  const found = configurations.find((one) => one.backbone === backbone && one.loss === loss)
  return missing > 0 && found ? { rankBounds: found.rank } : {}
}

/** How many of its numbers rest on bytes that somebody doubts, or on a bridge over a code change. */
function marksOf({ rows }: StudyNumbers, protocol: string, { backbone, loss }: RankedConfiguration) {
  const own = rows.filter((row) => row.backbone === backbone && row.loss === loss && row.protocol === protocol)
  const origins = own.flatMap((row) => Object.values(row.origins))
  const numberWith = (flag: string) =>
    origins.filter((origin) => origin.kind === 'measured' && origin.flags.some(({ name }) => name === flag)).length
  const [doubted, bridged] = [numberWith('doubted'), numberWith('bridged')]
  return { ...(doubted > 0 ? { doubted } : {}), ...(bridged > 0 ? { bridged } : {}) }
}

function notesOf(
  study: StudyNumbers,
  { protocol, by, bounds, uncertainty }: RankingFacts & { readonly by: ScoreName },
): string[] {
  const { configurations, missing, refused } = bounds
  const incomplete = configurations.filter((one) => one.missing > 0)
  const order = refused
    ? 'they could still change the order, so that there is no ranking of all configurations'
    : 'whatever they are, the order stays'
  return [
    `${study.name}, ${protocol}, by ${by} over ${perturbationNames(study).join(', ')}; numbers that are ${evidenceOf(study)}; ${study.source}.`,
    ...(missing > 0
      ? [
          `Missing numbers: ${missing}, of ${incomplete.length} of ${configurations.length} configurations; ${order}.`,
          `Without a rank, by how many of their seeds have all numbers: ${listed(incomplete.map(completenessOf))}.`,
        ]
      : []),
    ...(uncertainty ? resamplingNotes(uncertainty) : []),
  ]
}

function resamplingNotes({ draws, leaderStaysFirst, leftOut }: RankUncertainty): string[] {
  const names = leftOut.map(({ backbone, loss, reason }) => `${backbone} · ${loss} (${reason})`)
  return [
    ...(leaderStaysFirst === null
      ? [`Ranks in ${draws} draws of seeds and images are without the first of the ranking.`]
      : [`The first stays first in ${(100 * leaderStaysFirst).toFixed(1)} % of ${draws} draws of seeds and images.`]),
    ...(names.length > 0 ? [`Not resampled, so that intervals are among the others: ${listed(names)}.`] : []),
  ]
}

function completenessOf({ backbone, loss, completeSeeds, seeds }: BoundedConfiguration): string {
  return `${backbone} · ${loss} (${completeSeeds} of ${count(seeds, 'seed')})`
}

function columnsOf(rows: readonly RankedRow[]): readonly Column<RankedRow>[] {
  const [first] = rows
  return [
    { heading: 'rank', align: 'right', cell: ({ rank: place }) => String(place) },
    { heading: 'backbone', cell: ({ backbone }) => backbone },
    { heading: 'loss', cell: ({ loss }) => loss },
    { heading: 'size', cell: ({ size }) => size ?? '–' },
    { heading: 'borda', align: 'right', cell: ({ borda }) => String(borda) },
    { heading: 'sum', align: 'right', cell: ({ sum }) => sum.toFixed(3) },
    { heading: 'geometric', align: 'right', cell: ({ geometric }) => geometric.toFixed(5) },
    ...(rows.some(({ seeds, ofSeeds }) => seeds < ofSeeds)
      ? [{ heading: 'seeds', align: 'right' as const, cell: (one: RankedRow) => `${one.seeds} of ${one.ofSeeds}` }]
      : []),
    ...(rows.some((one) => one.doubted !== undefined)
      ? [{ heading: 'doubted', align: 'right' as const, cell: ({ doubted = 0 }: RankedRow) => String(doubted) }]
      : []),
    ...(rows.some((one) => one.bridged !== undefined)
      ? [{ heading: 'bridged', align: 'right' as const, cell: ({ bridged = 0 }: RankedRow) => String(bridged) }]
      : []),
    ...(first?.rankBounds
      ? [{ heading: 'among all', align: 'right' as const, cell: (one: RankedRow) => one.rankBounds!.join(' – ') }]
      : []),
    ...(rows.some(({ rankInterval }) => rankInterval !== undefined)
      ? [
          {
            heading: 'rank, 95 %',
            align: 'right' as const,
            cell: (one: RankedRow) => one.rankInterval?.join(' – ') ?? '–',
          },
          {
            heading: 'first',
            align: 'right' as const,
            cell: ({ firstShare }: RankedRow) =>
              firstShare === undefined ? '–' : `${(100 * firstShare).toFixed(1)} %`,
          },
        ]
      : []),
  ]
}
