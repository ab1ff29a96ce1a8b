import { proveNumber, sealStudy, verifySeal, type RecordSources, type SealVerdict } from '@gauntlet/exchange'
import { writeFileAtomically } from '@gauntlet/files'
import { findStudy, recordStudy } from '@gauntlet/ledger'
import { hypothesesSentence, sealDigest, sealLine, type Seal, type SigningKey } from '@gauntlet/seals'
import {
  configurationLabel,
  expandStudy,
  parseHypotheses,
  perturbationLabel,
  studyId,
  type Json,
} from '@gauntlet/study'
import type { Command } from 'commander'
import { copyFile, readFile, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { refuseNeedless } from '../parse/refuse-needless.ts'
import { readPublicKey, readSigningKey } from '../read/key-files.ts'
import { withLedger, type InterruptibleSession, type LedgerSession } from '../stack/local-ledger.ts'
import { listed } from '../print/listed.ts'
import { progressLine } from '../print/progress-line.ts'
import { readCurrentResults } from '../read/read-current-results.ts'
import { requireFile, requireNoFolder } from '../read/require-file.ts'
import { sayNamesakes } from '../read/say-namesakes.ts'
import { readStudyShowingPins } from '../read/read-study.ts'
import { count } from '../print/count.ts'
import { quoted } from '../print/quoted.ts'

interface SealCommandOptions {
  readonly key?: string
  readonly hypotheses?: string
  readonly out?: string
  readonly prove?: string
  readonly verify?: string
  readonly leaves?: string
  readonly part?: boolean
  readonly publicKey?: string
  readonly expect?: string
  readonly json?: boolean
}

export function addSeal(program: Command): void {
  program
    .command('seal')
    .description('seal everything the ledger has of a study, prove one number of it, or check a seal kept elsewhere')
    .argument('[study]', 'name or id of a study; with --hypotheses also a study file that has not run yet')
    .option('--key <file>', 'sign with this Ed25519 private key in PEM')
    .option('--hypotheses <file>', 'seal these claims with what is measured so far, best before anything is')
    .option(
      '--out <file>',
      'where to write the seal, with the list of its leaves beside it, or the proof (default: STUDY.seal.json or STUDY-row-ROW.proof.json)',
    )
    .option('--prove <row>', 'write the proof of one row of the table, which needs no study to be checked')
    .option('--verify <file>', 'check a seal against the ledger, or an export or a proof by itself, offline')
    .option('--leaves <file>', 'with --verify: the list of leaves that was written with the seal')
    .option('--part', 'with --verify: the list may withhold facts, as that of a study imported in part does')
    .option('--public-key <file>', 'with --verify: the key that must have signed')
    .option('--expect <digest>', 'with --verify: the digest of the printed line')
    .option('--json', 'print JSON')
    .action(async (study: string | undefined, options: SealCommandOptions) => {
      requireTogether(study, options)
      if (options.verify !== undefined) await verify(options.verify, options)
      else if (study === undefined) throw new Misuse('Name the study to seal, or with --verify the file to check.')
      else console.log(await withLedger((session) => seal(session, study, options)))
    })
}

/** Refuses options that the others make needless, which would be thought to count. */
function requireTogether(study: string | undefined, options: SealCommandOptions): void {
  if (options.verify === undefined)
    refuseNeedless(options, ['leaves', 'part', 'publicKey', 'expect'], 'needs --verify FILE')
  else refuseNeedless(options, ['key', 'hypotheses', 'out', 'prove'], 'says nothing beside --verify')
  if (options.verify !== undefined && study !== undefined)
    throw new Misuse(`The file says which study it seals; leave ${study} out beside --verify.`)
  if (options.prove !== undefined && options.hypotheses !== undefined)
    throw new Misuse('--prove seals no hypotheses; leave --hypotheses out.')
}

async function seal(session: InterruptibleSession, study: string, options: SealCommandOptions): Promise<string> {
  const signer = await readSigningKey(options.key)
  if (options.out !== undefined) await requireNoFolder(options.out)
  const onProgress = (facts: number) => session.progress(`facts sealed: ${facts.toLocaleString('en')}`)
  if (options.prove !== undefined) return prove(session, study, { ...options, row: options.prove, signer, onProgress })
  const hypotheses = options.hypotheses === undefined ? null : await readHypotheses(options.hypotheses)
  const nameOrId = hypotheses ? await recordedStudy(session, study) : study
  await sayNamesakes(session.db, nameOrId)
  const made = await sealStudy(session, nameOrId, { signer, hypotheses, onProgress })
  const file = resolve(options.out ?? `${made.sealed.seal.study.name}.seal.json`)
  const leaves = `${file.replace(/\.json$/, '')}.leaves.gz`
  await writeFileAtomically(file, `${JSON.stringify(made.sealed, null, 1)}\n`)
  await rm(leaves, { force: true }) // the copy is read-only, as artifacts are
  await copyFile(await session.store.localFile(made.leaves), leaves)
  if (options.json) return JSON.stringify({ ...made.sealed, isNew: made.isNew, file, leaves }, null, 2)
  return [
    sealLine(made.sealed.seal),
    ...[made.sealed, ...made.earlier].flatMap((sealed) => hypothesesSentence(sealed.seal) ?? []),
    `${made.isNew ? 'Sealed' : 'Nothing has changed since this seal'}: ${file} and ${leaves}; keep both elsewhere.`,
  ].join('\n')
}

async function readHypotheses(file: string): Promise<NonNullable<Seal['hypotheses']>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Misuse(`There is no file ${file}; give --hypotheses the file with the claims.`)
  })
  parseHypotheses(text, file)
  return { file, text }
}

/** The id of a study, which is recorded first where only its file is known: nothing of it has run then. */
async function recordedStudy({ settings, db, store }: LedgerSession, named: string): Promise<string> {
  const isFile = await stat(named).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isFile) return (await findStudy(db, named)).id
  const { study, bytes } = await readStudyShowingPins(named, settings.cache)
  const id = studyId(study)
  const { configurations, perturbations, exclusions } = expandStudy(study)
  const { name, description, cells, annotations } = study
  const document = { name, description, cells, perturbations } as unknown as Json
  const file = Buffer.from(bytes).toString('utf8')
  await store.put(bytes, 'application/yaml')
  await recordStudy(db, { id, name, annotations, document, file, configurations, perturbations, exclusions })
  return id
}

interface ProveOptions extends SealCommandOptions {
  readonly row: string
  readonly signer: SigningKey | null
  readonly onProgress: (facts: number) => void
}

async function prove(session: LedgerSession, study: string, { row, out, json, signer, onProgress }: ProveOptions) {
  const only = /^[1-9]\d{0,8}$/.test(row) ? { first: Number(row), last: Number(row) } : null
  const cell = only && (await readCurrentResults(session, study, only)).results.rows[0]
  if (!cell) throw new Misuse(`There is no number in row ${row}; see npx gauntlet results ${quoted(study)}.`)
  const proof = await proveNumber(session, study, cell.measurementId, { signer, onProgress })
  const file = resolve(out ?? `${study}-row-${row}.proof.json`)
  await writeFileAtomically(file, `${JSON.stringify(proof, null, 1)}\n`)
  const [sealed, { correct, total }] = [sealDigest(proof.sealed.seal), cell]
  if (json) return JSON.stringify({ file, seal: sealed, correct, total }, null, 2)
  return `${correct}/${total} is proven by ${file} under seal ${sealed}.`
}

async function verify(file: string, options: SealCommandOptions): Promise<void> {
  await requireFile(file, 'a seal, a proof or an export')
  if (options.leaves !== undefined)
    await requireFile(options.leaves, 'the list of leaves that was written with the seal')
  const publicKey = await readPublicKey(options.publicKey)
  const line = progressLine()
  let signal: AbortSignal | undefined
  const withSources = <Result>(work: (sources: RecordSources) => Promise<Result>) =>
    withLedger((session) => {
      signal = session.signal
      return work(session)
    })
  const expected = {
    ...(options.expect === undefined ? {} : { seal: options.expect }),
    ...(options.leaves === undefined ? {} : { leaves: options.leaves }),
    isPart: options.part === true,
    ...(publicKey ? { publicKey } : {}),
    onProgress: (doing: string) => {
      signal?.throwIfAborted()
      line.show(doing)
    },
  }
  const verdict = await verifySeal(file, withSources, expected).finally(() => line.end())
  console.log(options.json ? JSON.stringify(verdict, null, 2) : renderVerdict(verdict))
  if (!verdict.passed) throw new CommandFailed(failureOf(verdict))
}

function failureOf(verdict: SealVerdict): string {
  if (verdict.of !== 'ledger') return 'The export has files beside its record that are not of it.'
  const { changed, gone } = verdict.comparison
  return changed.length + gone.length > 0
    ? 'The ledger is not as it was sealed.'
    : 'Whether the ledger is as it was sealed cannot be told.'
}

/** A name that comes from an archive, so that it may be anything. */
function quotedIfOdd(name: string): string {
  return /^[\w./-]+$/.test(name) ? name : JSON.stringify(name)
}

function renderVerdict(verdict: SealVerdict): string {
  const signature = {
    valid: 'signed with that key',
    unchecked: 'signed; name the key with --public-key to check it',
    none: 'not signed',
  }[verdict.signature]
  const heading = `seal ${verdict.digest}, ${signature}`
  if (verdict.of === 'export') {
    const { facts, withheld, measurements, artifacts, differing, uncovered } = verdict.export
    return [
      `${heading}: ${count(facts, 'fact')} (${withheld} withheld), ${count(measurements, 'number')} and ${count(artifacts, 'artifact')} are as sealed.`,
      ...differing.map((name) => `${name} is not what the sealed record gives; do not use it.`),
      ...(uncovered.length > 0 ? [`The seal does not cover ${listed(uncovered.map(quotedIfOdd))}.`] : []),
    ].join('\n')
  }
  if (verdict.of === 'number') {
    const { correct, total, configuration, perturbation } = verdict.proof
    const of = `${configurationLabel(configuration)}, ${perturbationLabel(perturbation)}`
    return `${heading}: ${correct}/${total} is of the sealed record.\n${of}`
  }
  const { doubts } = verdict
  const { same, changed, gone, added, withheld } = verdict.comparison
  const since = Object.entries(added).map(([kind, times]) => `${times} ${kind}`)
  return [
    `${heading}: ${count(same, 'fact')} as sealed${withheld > 0 ? `, ${withheld} withheld` : ''}.`,
    ...changed.map((fact) => `changed  ${fact}`),
    ...gone.map((fact) => `gone     ${fact}`),
    ...doubts.map((doubt) => `The list of leaves ${doubt}.`),
    ...(since.length > 0 ? [`Recorded since: ${since.join(', ')}.`] : []),
  ].join('\n')
}
