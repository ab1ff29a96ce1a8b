import {
  bootstrapRanking,
  perturbationNames,
  rank,
  rankBounds,
  type OutcomesByDigest,
  type RankUncertainty,
  type ScoreName,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { readOutcomes } from '@gauntlet/client'
import { Option, type Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { withLedger, type InterruptibleSession } from '../stack/local-ledger.ts'
import { wholeNumber } from '../parse/whole-number.ts'
import { progressLine } from '../print/progress-line.ts'
import { rankedRows, renderRanking } from '../print/render-ranking.ts'
import { readStudyNumbers } from '../read/read-study-numbers.ts'

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
    .option(
      '--draws <count>',
      'resample seeds and images this often, such as 2000, for intervals of the ranks',
      wholeNumber('--draws', 1, 100_000),
    )
    .option('--json', 'print the configurations as a JSON array, the best first')
    .action(async (name: string, { protocol: named, by, draws, json }: RankCommandOptions) => {
      const { study, protocol, outcomes } = await withLedger(async (session) => {
        const study = await readStudyNumbers(session, name)
        const protocol = chosenProtocol(study, named)
        return { study, protocol, outcomes: draws === undefined ? null : await outcomesOf(session, study) }
      })
      const chosen = { protocol, by, perturbations: perturbationNames(study) }
      const uncertainty = outcomes && resample(study, outcomes, { protocol, by, draws: draws! })
      const bounds = rankBounds(study.rows, chosen)
      const rows = rankedRows(study, rank(study.rows, chosen), { protocol, bounds, uncertainty })
      if (json) console.log(JSON.stringify(rows, null, 2))
      else console.log(renderRanking(study, rows, { protocol, by, bounds, uncertainty }))
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
      `No configuration of ${options.protocol} has all its numbers with their outcomes, or these are over different images; leave --draws away.`,
    )
  } finally {
    line.end()
  }
}
