import { duration, observePace } from '@gauntlet/analysis'
import {
  CountedOutcomes,
  verificationLevels,
  verifyStudy,
  type CheckedLevel,
  type Level,
  type Verification,
  type VerificationProgress,
} from '@gauntlet/audit'
import type { Command } from 'commander'
import { join } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { count } from '../print/count.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { refuseNeedless } from '../parse/refuse-needless.ts'
import { readPublicKey } from '../read/key-files.ts'
import { requireFile } from '../read/require-file.ts'
import { sayNamesakes } from '../read/say-namesakes.ts'
import { sealLevel } from '../seal-level.ts'

interface VerifyCommandOptions {
  readonly level?: readonly string[]
  readonly again?: boolean
  readonly seal?: string
  readonly leaves?: string
  readonly part?: boolean
  readonly publicKey?: string
  readonly json?: boolean
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('check that the numbers of a study follow from bytes: artifacts, keys, counts and lineage')
    .argument('<study>', 'name or id of a study that has run')
    .option('--level <names...>', 'check these levels alone: bytes, keys, numbers, graph')
    .option('--again', 'also read and count again what this machine has verified before and has not changed since')
    .option('--seal <file>', 'compare the ledger with this seal of the study too, which was kept elsewhere')
    .option('--leaves <file>', 'with --seal: the list of leaves that was written with it')
    .option('--part', 'with --seal: the list may withhold facts, as that of a study imported in part does')
    .option('--public-key <file>', 'with --seal: the key that must have signed it')
    .option('--json', 'print JSON')
    .action(async (study: string, options: VerifyCommandOptions) => {
      const { level: names, again = false, seal, leaves, part: isPart = false, json } = options
      if (seal === undefined) refuseNeedless(options, ['leaves', 'part', 'publicKey'], 'needs --seal FILE')
      else await requireFile(seal, 'the seal of the study')
      if (leaves !== undefined) await requireFile(leaves, 'the list of leaves that was written with the seal')
      const publicKey = await readPublicKey(options.publicKey)
      const files = { isPart, ...(leaves === undefined ? {} : { leaves }), ...(publicKey ? { publicKey } : {}) }
      const verification = await withLedger(async (session) => {
        const { settings, db, store, signal, progress } = session
        await sayNamesakes(db, study)
        const counted = new CountedOutcomes(join(settings.cache, 'audit', 'counts.txt'))
        const sealed = seal === undefined ? [] : [sealLevel(seal, session, files)]
        const levels = [...levelsNamed(names, counted), ...sealed]
        return verifyStudy(study, { db, store, levels, again, signal, onProgress: progressBy(progress) })
      }, 'Interrupted; what was verified is remembered.')
      console.log(json ? JSON.stringify(verification, null, 2) : renderVerification(verification))
      if (!verification.holds) process.exitCode = 1
    })
}

function levelsNamed(names: readonly string[] | undefined, counted: CountedOutcomes): readonly Level[] {
  const all = verificationLevels(counted)
  const unknown = names?.find((name) => !all.some((level) => level.name === name))
  if (unknown !== undefined)
    throw new Misuse(`There is no level ${unknown}; choose among ${all.map(({ name }) => name).join(', ')}.`)
  return names ? all.filter(({ name }) => names.includes(name)) : all
}

/** `numbers: 1,200/9,000 · 3 min left` */
function progressBy(show: (doing: string) => void) {
  let level = ''
  let [pace, begunAt] = [observePace(), 0]
  return (progress: VerificationProgress) => {
    if (progress.level !== level) [level, pace, begunAt] = [progress.level, observePace(), performance.now()]
    const { done, total } = progress
    if (total === null) return show(`${count(done, 'execution')} read`)
    const left = pace.secondsLeft(total - done, (performance.now() - begunAt) / 1_000)
    const time = left === null || left === 0 ? '' : ` · ${duration(left)} left`
    show(`${level}: ${done.toLocaleString('en')}/${total.toLocaleString('en')}${time}`)
  }
}

/** Findings of one level that are listed for people; `--json` has them all. */
const mostListed = 20

function renderVerification({ study, measurements, executions, levels, holds }: Verification): string {
  const broken = levels.filter(({ counts }) => counts.missing > 0).map(({ name }) => name)
  return [
    `${study.name} ${study.id.slice(0, 12)}: ${count(measurements, 'number')} that rest on ${count(executions, 'execution')}`,
    ...levels.map(renderLevel),
    holds
      ? 'Nothing is missing.'
      : `Links are missing in: ${broken.join(', ')}. What is named above does not bear out its numbers.`,
  ].join('\n\n')
}

function renderLevel({ name, claim, counts, findings, notes, seconds }: CheckedLevel): string {
  const { proved, attested, missing } = counts
  const number = (value: number) => value.toLocaleString('en')
  const listed = findings.slice(0, mostListed).map(({ subject, problem }) => `  ! ${subject} ${problem}`)
  const more = findings.length - listed.length
  return [
    `${name}: ${number(proved)} proved, ${number(attested)} attested, ${number(missing)} missing (${duration(seconds)}) · ${claim}`,
    ...listed,
    ...(more > 0 ? [`  ! and ${number(more)} more; --json lists them`] : []),
    ...notes.map((note) => `  ${note}`),
  ].join('\n')
}
