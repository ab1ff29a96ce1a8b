import {
  bootstrapRanking,
  evidenceOf,
  perturbationNames,
  rank,
  rankBounds,
  type OutcomesByDigest,
  type RankBounds,
  type RankedConfiguration,
  type RankUncertainty,
  type ScoreName,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { readOutcomes } from '@gauntlet/client'
import { Option, type Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { withLedger, type InterruptibleSession } from '../stack/local-ledger.ts'
import { parseDraws } from '../parse/parse-draws.ts'
import { progressLine } from '../print/progress-line.ts'
import { readStudyNumbers } from '../read/read-study-numbers.ts'
import { renderTable, type Column } from '../print/table.ts'

interface RankCommandOptions {
  readonly protocol?: string
  readonly by: ScoreName
  readonly draws?: number
  readonly json?: boolean
}

export function addRank(program: Command): void {
  program
    .command('rank')
    .description('rank the configurations of a protocol that have all their numbers')
    .argument('<study>', 'name or id of a study that has run or was imported')
    .option('--protocol <protocol>', 'the adaptation protocol, such as FFT-50; needed where the study has several')
    .addOption(new Option('--by <score>', 'the score').choices(['borda', 'sum', 'geometric']).default('borda'))
    .option('--draws <count>', 'resample seeds and images this often, for intervals of the ranks', parseDraws)
    .option('--json', 'print the configurations as a JSON array, the best first')
    .action(async (name: string, { protocol: named, by, draws, json }: RankCommandOptions) => {
      const { study, protocol, outcomes } = await withLedger(async (session) => {
        const study = await readStudyNumbers(session, name)
        const protocol = chosenProtocol(study, named)
        return { study, protocol, outcomes: draws === undefined ? null : await outcomesOf(session, study) }
      })
      const ranked = rank(study.rows, { protocol, by, perturbations: perturbationNames(study) })
      const uncertainty = outcomes && resample(study, outcomes, { protocol, by, draws: draws! })
      const bounds = rankBounds(study.rows, { protocol, by, perturbations: perturbationNames(study) })
      const rows = ranked.map((one, i) => ({
        ...one,
        ...intervalsOf(uncertainty, i),
        ...boundsOf(bounds, one),
        ...marksOf(study, protocol, one),
      }))
      if (json) console.log(JSON.stringify(rows, null, 2))
      else {
        const table =
          rows.length > 0
            ? renderTable(columnsOf(rows), rows)
            : `No configuration of ${protocol} has all its numbers yet.`
        console.log([table, ...notesOf(study, { protocol, by }, bounds, uncertainty)].join('\n\n'))
      }
    })
}

function chosenProtocol({ name, rows }: StudyNumbers, named: string | undefined): string {
  const protocols = [...new Set(rows.map(({ protocol }) => protocol))]
  if (named !== undefined) return named
  if (protocols.length === 1) return protocols[0]!
  throw new Misuse(`${name} has the protocols ${protocols.join(', ')}; choose one with --protocol.`)
}

function outcomesOf({ store, progress }: InterruptibleSession, study: StudyNumbers): Promise<OutcomesByDigest> {
  if (study.evidence === 'claimed')
    throw new Misuse(`${study.name} was imported and has no outcomes to resample; leave --draws away.`)
  return readOutcomes(store, study, { onProgress: (done, total) => progress(`${done}/${total} outcomes read`) })
}

function resample(
  study: StudyNumbers,
  outcomes: OutcomesByDigest,
  options: { readonly protocol: string; readonly by: ScoreName; readonly draws: number },
): RankUncertainty {
  const line = progressLine()
  try {
    const onProgress = (done: number, total: number) => line.show(`${done}/${total} draws`)
    const uncertainty = bootstrapRanking(study, outcomes, { ...options, onProgress })
    if (uncertainty) return uncertainty
    throw new Misuse(
      `${options.protocol} has no complete configurations over the same images to resample; leave --draws away.`,
    )
  } finally {
    line.end()
  }
}

/** What outcomes say of a place of the ranking, where they were resampled. */
function intervalsOf(uncertainty: RankUncertainty | null, place: number) {
  const found = uncertainty?.configurations[place]
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

type RankedRow = RankedConfiguration & {
  readonly doubted?: number
  readonly bridged?: number
  readonly rankInterval?: readonly [number, number]
  readonly firstShare?: number
  readonly rankBounds?: readonly [number, number]
}

function notesOf(
  study: StudyNumbers,
  { protocol, by }: { readonly protocol: string; readonly by: ScoreName },
  { configurations, missing, refused }: RankBounds,
  uncertainty: RankUncertainty | null,
): string[] {
  const incomplete = configurations.filter((one) => one.missing > 0).length
  const order = refused
    ? 'they could still change the order, so that there is no ranking of all configurations'
    : 'whatever they are, the order stays'
  return [
    `${study.name}, ${protocol}, by ${by} over ${perturbationNames(study).join(', ')}; numbers that are ${evidenceOf(study)}; ${study.source}.`,
    ...(missing > 0
      ? [`Missing numbers: ${missing}, of ${incomplete} of ${configurations.length} configurations; ${order}.`]
      : []),
    ...(uncertainty
      ? [
          `The first stays first in ${(100 * uncertainty.leaderStaysFirst).toFixed(1)} % of ${uncertainty.draws} draws of seeds and images.`,
        ]
      : []),
  ]
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
    ...(rows.some((one) => one.doubted !== undefined)
      ? [{ heading: 'doubted', align: 'right' as const, cell: ({ doubted = 0 }: RankedRow) => String(doubted) }]
      : []),
    ...(rows.some((one) => one.bridged !== undefined)
      ? [{ heading: 'bridged', align: 'right' as const, cell: ({ bridged = 0 }: RankedRow) => String(bridged) }]
      : []),
    ...(first?.rankBounds
      ? [{ heading: 'among all', align: 'right' as const, cell: (one: RankedRow) => one.rankBounds!.join(' – ') }]
      : []),
    ...(first?.rankInterval
      ? [
          { heading: 'rank, 95 %', align: 'right' as const, cell: (one: RankedRow) => one.rankInterval!.join(' – ') },
          {
            heading: 'first',
            align: 'right' as const,
            cell: (one: RankedRow) => `${(100 * one.firstShare!).toFixed(1)} %`,
          },
        ]
      : []),
  ]
}
