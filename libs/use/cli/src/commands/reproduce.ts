import { duration, percent } from '@gauntlet/analysis'
import { readSide, sampledNumbers, type JudgedReproduction } from '@gauntlet/audit'
import { stages as stageNames } from '@gauntlet/study'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { withLedger, type LedgerSession } from '../stack/local-ledger.ts'
import { parseSeed } from '../parse/parse-seed.ts'
import { runReproduction, type ReproductionSettings } from '../device/run-reproduction.ts'

interface ReproduceCommandOptions {
  readonly sample?: string
  readonly seed: number
  readonly from?: string
  readonly tolerance: string
  readonly with: string
  readonly json?: boolean
}

export function addReproduce(program: Command): void {
  program
    .command('reproduce')
    .description(
      'execute the stages behind a number again, from their recorded inputs and by their recorded code, and compare',
    )
    .argument('<study>', 'name or id of a study that has run')
    .argument('[row]', "number of a row in the study's table")
    .option('--sample <share>', 'instead of a row, this share of the numbers of the study, such as 5%')
    .option('--seed <number>', 'which of the numbers are drawn', parseSeed, 1)
    .option('--from <stage>', 'begin with this stage, and take what earlier ones made as it was recorded')
    .option('--tolerance <points>', 'percentage points by which an accuracy may differ and count as near', '0.5')
    .option('--with <code>', 'recorded, or current: execute what the present sources give instead', 'recorded')
    .option('--json', 'print JSON')
    .action(async (study: string, row: string | undefined, options: ReproduceCommandOptions) => {
      const settings = parsed(options)
      const judged = await withLedger(async (session) => {
        const ids = await chosenNumbers(session, study, row, options)
        return runReproduction(session, ids, settings)
      })
      console.log(options.json ? JSON.stringify(judged, null, 2) : judged.map(renderJudged).join('\n\n'))
      if (judged.some(({ verdict }) => verdict === 'differs')) process.exitCode = 1
    })
}

function parsed({ with: code, tolerance, from }: ReproduceCommandOptions): ReproductionSettings {
  if (code !== 'recorded' && code !== 'current')
    throw new Misuse(`--with is ${JSON.stringify(code)}; give recorded or current.`)
  const points = Number(tolerance)
  if (!(points >= 0 && points <= 100))
    throw new Misuse(`--tolerance is ${tolerance}; give percentage points, such as 0.5.`)
  const keyed = stageNames.filter((name) => name !== 'aggregate')
  const first = from === undefined ? keyed[0]! : keyed.find((name) => name === from)
  if (!first) throw new Misuse(`There is no stage ${from}; choose among ${keyed.join(', ')}.`)
  return { code, tolerance: points / 100, first }
}

async function chosenNumbers(
  { db }: LedgerSession,
  study: string,
  row: string | undefined,
  { sample, seed }: ReproduceCommandOptions,
): Promise<string[]> {
  if ((row === undefined) === (sample === undefined)) throw new Misuse('Give a row, or a share with --sample.')
  const { numbers } = await readSide(db, row === undefined ? study : `${study}:${row}`)
  const ids = numbers.map(({ measurementId }) => measurementId)
  if (ids.length === 0) throw new Misuse(`${study} has no number.`)
  if (sample === undefined) return ids
  const [, share] = /^(\d+(?:\.\d+)?) ?%$/.exec(sample) ?? []
  if (!share || !(Number(share) > 0 && Number(share) <= 100))
    throw new Misuse(`--sample is ${JSON.stringify(sample)}; give a share such as 5%.`)
  return sampledNumbers(ids, Number(share) / 100, seed)
}

const meanings: Readonly<Record<JudgedReproduction['verdict'], string>> = {
  'same-bytes': 'same bytes',
  'same-outcomes': 'same outcomes',
  'within-tolerance': 'within tolerance',
  differs: 'differs',
}

function renderJudged(judged: JudgedReproduction): string {
  const { measurementId, verdict, firstStage, correct, total, recordedCorrect, changedImages, stages } = judged
  const where = firstStage === null ? '' : `, first at stage ${firstStage}`
  const environments = [...new Set(stages.flatMap(({ otherEnvironment }) => otherEnvironment))]
  const packages = [...new Set(stages.flatMap(({ otherPackages }) => otherPackages))]
  return [
    `measurement ${measurementId.slice(0, 12)}: ${meanings[verdict]}${where}`,
    `  ${recordedCorrect}/${total} recorded, ${correct}/${total} (${percent(correct / total)}) now; ${changedImages} images changed`,
    ...stages.map(
      ({ stage, seconds, otherBytes }) =>
        `  ${stage} (${duration(seconds)}): ${otherBytes.length === 0 ? 'same bytes' : `other ${otherBytes.join(', ')}`}`,
    ),
    ...(environments.length > 0 ? [`  another environment class: ${environments.join('; ')}`] : []),
    ...(packages.length > 0 ? [`  other packages: ${packages.slice(0, 5).join('; ')}`] : []),
  ].join('\n')
}
