import { duration, observePace, percent } from '@gauntlet/analysis'
import { openArtifactStore } from '@gauntlet/artifacts'
import { judgeReproduction, readSide, recordedNumber, sampledNumbers, type JudgedReproduction } from '@gauntlet/audit'
import type { RemadeNumber, ReproduceAnswer, ReproduceRequest } from '@gauntlet/contract'
import { temporaryFolder } from '@gauntlet/files/temporary-folder'
import { recordReproduction } from '@gauntlet/ledger'
import { stages as stageNames, type Json, type StageName } from '@gauntlet/study'
import type { Command } from 'commander'
import { rmSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Misuse } from '../command-failed.ts'
import { compute } from '../gpu-process.ts'
import { withLedger, type LedgerSession } from '../local-ledger.ts'

interface ReproduceCommandOptions {
  readonly sample?: string
  readonly seed: string
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
    .option('--seed <number>', 'which of the numbers are drawn', '1')
    .option('--from <stage>', 'begin with this stage, and take what earlier ones made as it was recorded')
    .option('--tolerance <points>', 'percentage points by which an accuracy may differ and count as near', '0.5')
    .option('--with <code>', 'recorded, or current: execute what the present sources give instead', 'recorded')
    .option('--json', 'print JSON')
    .action(async (study: string, row: string | undefined, options: ReproduceCommandOptions) => {
      const { code, tolerance, first } = parsed(options)
      const judged = await withLedger(async (session) => {
        const ids = await chosenNumbers(session, study, row, options)
        return reproduceNumbers(session, ids, { code, tolerance, first })
      })
      console.log(options.json ? JSON.stringify(judged, null, 2) : judged.map(renderJudged).join('\n\n'))
      if (judged.some(({ verdict }) => verdict === 'differs')) process.exitCode = 1
    })
}

interface Parsed {
  readonly code: ReproduceRequest['code']
  /** In [0, 1]. */
  readonly tolerance: number
  readonly first: StageName
}

function parsed({ with: code, tolerance, from }: ReproduceCommandOptions): Parsed {
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
  return sampledNumbers(ids, Number(share) / 100, Number(seed))
}

async function reproduceNumbers(
  { db, store, settings }: LedgerSession,
  ids: readonly string[],
  { code, tolerance, first }: Parsed,
): Promise<JudgedReproduction[]> {
  const recorded = await Promise.all(ids.map((id) => recordedNumber(db, id, first)))
  const folder = temporaryFolder('gauntlet-reproduce-')
  const judged: JudgedReproduction[] = []
  try {
    const address = pathToFileURL(folder).href
    const scratch = openArtifactStore(address)
    const keep = async (remade: RemadeNumber) => {
      const number = recorded.find(({ measurementId }) => measurementId === remade.measurementId)!
      const one = await judgeReproduction(number, remade, { store, scratch, tolerance })
      judged.push(one)
      const { measurementId, verdict, firstStage } = one
      const { environment, environmentClass } = remade
      const row = { stageKey: number.trace.measurement.stageKey, measurementId, code, verdict, firstStage }
      const details = JSON.parse(JSON.stringify({ ...one, device: remade.device })) as Json
      await recordReproduction(db, { ...row, environment, environmentClass, details })
    }
    let kept = Promise.resolve()
    const pace = observePace()
    await compute<ReproduceAnswer>({
      script: 'reproduce/main.ts',
      request: {
        code,
        numbers: recorded.map(({ trace: _, ...number }) => number),
        artifacts: settings.artifacts,
        scratch: address,
      } satisfies ReproduceRequest,
      variables: { GAUNTLET_CACHE: settings.cache, GAUNTLET_ARTIFACTS: settings.artifacts },
      name: 'The reproduction',
      interrupted: 'Interrupted; what was judged before is recorded.',
      onProgress: ({ remade }) => {
        if (remade) kept = kept.then(() => keep(remade))
      },
      progressText({ done, total, stage, share }, seconds) {
        const left = pace.secondsLeft(total - done - share / 5, seconds)
        return `${done}/${total} numbers · ${stage} ${Math.floor(100 * share)} %${left ? ` · ${duration(left)} left` : ''}`
      },
    })
    await kept
    return judged
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
