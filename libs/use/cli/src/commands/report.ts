import {
  analyzeStudy,
  bootstrapRanking,
  compareStudies,
  compareWithLeader,
  studyAtlases,
  type OutcomesByDigest,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { readOutcomes } from '@gauntlet/client'
import { writeFileAtomically } from '@gauntlet/files'
import { sealsOf } from '@gauntlet/ledger'
import {
  buildReport,
  hardestImages,
  type ProtocolUncertainty,
  type ReportInput,
  type SealedClaims,
} from '@gauntlet/report'
import { hypothesesSentence, type Seal } from '@gauntlet/seals'
import { parseHypotheses } from '@gauntlet/study'
import type { Command } from 'commander'
import { join, resolve } from 'node:path'
import { withLedger, type InterruptibleSession } from '../stack/local-ledger.ts'
import { wholeNumber } from '../parse/whole-number.ts'
import { progressLine, type ProgressLine } from '../print/progress-line.ts'
import { readPictures } from '../read/read-pictures.ts'
import { readStudyNumbers } from '../read/read-study-numbers.ts'

interface ReportOptions {
  readonly out: string
  readonly reference: string
  readonly draws: number
}

export function addReport(program: Command): void {
  program
    .command('report')
    .description('write a report of a study: one HTML page, LaTeX tables and a macro for each number, numbers.csv')
    .argument('<study>', 'name or id of a study that has run or was imported')
    .argument('[others...]', 'studies to set beside it')
    .requiredOption('--out <folder>', 'the folder to write')
    .option('--reference <protocol>', 'the protocol that the others are proxies of', 'FFT-50')
    .option(
      '--draws <count>',
      'draws of seeds and images for the intervals of ranks',
      wholeNumber('--draws', 1, 100_000),
      2_000,
    )
    .action(async (name: string, others: readonly string[], { out, reference, draws }: ReportOptions) => {
      const read = await withLedger((session) => readForReport(session, name, others))
      const { numbersDigest, files } = buildReport(reportInput(read, { reference, draws }))
      const folder = resolve(out)
      for (const [path, text] of Object.entries(files)) {
        await writeFileAtomically(join(folder, path), text)
      }
      console.log(
        `Wrote ${Object.keys(files).length} files to ${folder}; open index.html. The digest of its numbers is ${numbersDigest}.`,
      )
    })
}

/** What the ledger and the store have for a report. */
type ReadForReport = Awaited<ReturnType<typeof readForReport>>

async function readForReport(session: InterruptibleSession, name: string, others: readonly string[]) {
  const study = await readStudyNumbers(session, name)
  const beside: StudyNumbers[] = []
  for (const other of others) beside.push(await readStudyNumbers(session, other))
  const onProgress = (done: number, total: number) => session.progress(`${done}/${total} outcomes read`)
  const outcomes = await readOutcomes(session.store, study, { withCauses: true, onProgress })
  const atlases = studyAtlases(study, outcomes)
  const hardest = hardestImages(atlases)
  const pictures = await readPictures(session, study, hardest)
  const hypotheses = await sealedClaims(session, study.id)
  return { study, beside, outcomes, atlases, hardest, pictures, hypotheses }
}

/** The claims on a study that its seals have. */
async function sealedClaims({ db }: InterruptibleSession, studyId: string): Promise<SealedClaims[]> {
  const seals = await sealsOf(db, studyId)
  return seals.flatMap(({ document }) => {
    const seal = document as unknown as Seal
    if (seal.hypotheses === null) return []
    const claims = parseHypotheses(seal.hypotheses.text, seal.hypotheses.file).map(({ claim }) => claim)
    return [{ sentence: hypothesesSentence(seal)!, claims }]
  })
}

function reportInput(
  { study, beside, outcomes, ...read }: ReadForReport,
  { reference, draws }: Pick<ReportOptions, 'reference' | 'draws'>,
): ReportInput {
  const analysis = analyzeStudy(study, { reference })
  const line = progressLine()
  const uncertainty = Object.keys(analysis.protocols).map(
    (protocol) => [protocol, uncertaintyOf(study, outcomes, { protocol, draws, line })] as const,
  )
  line.end()
  const comparisons = beside.map((other) => compareStudies(study, other))
  return { ...read, study, analysis, uncertainty: Object.fromEntries(uncertainty), comparisons }
}

function uncertaintyOf(
  study: StudyNumbers,
  outcomes: OutcomesByDigest,
  { protocol, draws, line }: { readonly protocol: string; readonly draws: number; readonly line: ProgressLine },
): ProtocolUncertainty {
  const onProgress = (done: number, total: number) => line.show(`${protocol}: ${done}/${total} draws`)
  return {
    ranking: bootstrapRanking(study, outcomes, { protocol, draws, onProgress }),
    leader: compareWithLeader(study, outcomes, { protocol }),
  }
}
