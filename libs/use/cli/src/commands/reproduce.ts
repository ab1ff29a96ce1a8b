import { readSide, sampledNumbers } from '@gauntlet/audit'
import { stages as stageNames } from '@gauntlet/study'
import { bridgesOf, findStudy, revokeBridge } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { renderJudged } from '../print/render-judged.ts'
import { renderBridgeAttempt, renderBridges } from '../print/render-bridge.ts'
import { withLedger, type LedgerSession } from '../stack/local-ledger.ts'
import { seed } from '../parse/whole-number.ts'
import { parseStage } from '../parse/parse-stage.ts'
import { bridgeStudy } from '../device/bridge-study.ts'
import { runReproduction, type ReproductionSettings } from '../device/run-reproduction.ts'
import { quoted } from '../print/quoted.ts'

interface ReproduceCommandOptions {
  readonly sample?: string
  readonly seed: number
  readonly from?: string
  readonly tolerance: string
  readonly with: string
  readonly bridge?: boolean
  readonly bridges?: boolean
  readonly revoke?: string
  readonly why?: string
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
    .option('--seed <number>', 'with --sample: which of the numbers are drawn', seed('--seed'), 1)
    .option(
      '--from <stage>',
      'begin with this stage, and take what earlier ones made as it was recorded; doubts about that stand',
    )
    .option('--tolerance <points>', 'percentage points by which an accuracy may differ and count as near', '0.5')
    .option('--with <code>', 'recorded, or current: execute what the present sources give instead', 'recorded')
    .option(
      '--bridge',
      'with --with current and --sample: where every stage makes the same bytes, keep the numbers under the present code',
    )
    .option('--bridges', 'list the bridges of the study instead')
    .option('--revoke <number>', 'revoke this bridge instead, for the reason that --why gives')
    .option('--why <text>', 'the reason for --revoke')
    .option('--json', 'print JSON')
    .action(async (study: string, row: string | undefined, options: ReproduceCommandOptions) => {
      if (options.bridges) return listBridges(study, options)
      if (options.revoke !== undefined) return revoke(study, options.revoke, options)
      if (row !== undefined && !/^[1-9]\d*$/.test(row))
        throw new Misuse(`${JSON.stringify(row)} is no row; the table of ${study} numbers them.`)
      const settings = parsed(options)
      if (options.bridge) return bridge(study, row, settings, options)
      const judged = await withLedger(async (session) => {
        const ids = await chosenNumbers(session, study, row, options)
        return runReproduction(session, ids, settings)
      })
      console.log(options.json ? JSON.stringify(judged, null, 2) : judged.map(renderJudged).join('\n\n'))
      if (judged.some(({ verdict }) => verdict === 'differs')) process.exitCode = 1
    })
}

async function listBridges(study: string, { json }: ReproduceCommandOptions): Promise<void> {
  await withLedger(async ({ db }) => {
    const bridges = await bridgesOf(db, (await findStudy(db, study)).id)
    console.log(json ? JSON.stringify(bridges, null, 2) : renderBridges(study, bridges))
  })
}

async function revoke(study: string, number: string, { why, json }: ReproduceCommandOptions): Promise<void> {
  const id = Number(number)
  if (!Number.isInteger(id) || id < 1)
    throw new Misuse(`${number} is no bridge; npx gauntlet reproduce ${quoted(study)} --bridges numbers them.`)
  if (why === undefined || why.trim() === '') throw new Misuse('Say with --why for what reason the bridge is revoked.')
  await withLedger(async ({ db }) => revokeBridge(db, await findStudy(db, study), id, why))
  console.log(json ? JSON.stringify({ revoked: id }) : `Bridge ${id} is revoked: its stages are open by present code.`)
}

async function bridge(
  study: string,
  row: string | undefined,
  { code, tolerance }: ReproductionSettings,
  { sample, seed, from, json }: ReproduceCommandOptions,
): Promise<void> {
  if (code !== 'current' || sample === undefined || row !== undefined)
    throw new Misuse('--bridge rests on a share by the present code; give --with current and --sample, and no row.')
  if (from !== undefined) throw new Misuse('--bridge begins with the first stage whose code changed; leave --from out.')
  const share = parseShare(sample)
  const attempt = await withLedger((session) => bridgeStudy(session, study, { share, seed, tolerance }))
  console.log(json ? JSON.stringify(attempt, null, 2) : renderBridgeAttempt(study, attempt))
  if (attempt.bridge === null) process.exitCode = 1
}

function parseShare(sample: string): number {
  const [, share] = /^(\d+(?:\.\d+)?) ?%$/.exec(sample) ?? []
  if (!share || !(Number(share) > 0 && Number(share) <= 100))
    throw new Misuse(`--sample is ${JSON.stringify(sample)}; give a share such as 5%.`)
  return Number(share) / 100
}

function parsed({ with: code, tolerance, from }: ReproduceCommandOptions): ReproductionSettings {
  if (code !== 'recorded' && code !== 'current')
    throw new Misuse(`--with is ${JSON.stringify(code)}; give recorded or current.`)
  const points = Number(tolerance)
  if (!(points >= 0 && points <= 100))
    throw new Misuse(`--tolerance is ${tolerance}; give percentage points, such as 0.5.`)
  const keyed = stageNames.filter((name) => name !== 'aggregate')
  const first = from === undefined ? keyed[0]! : parseStage(from, keyed)
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
  return sampledNumbers(ids, parseShare(sample), seed)
}
