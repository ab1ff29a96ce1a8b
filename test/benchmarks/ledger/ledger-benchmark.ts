import { CountedOutcomes, verificationLevels, verifyStudy } from '@gauntlet/audit'
import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { readResults } from '@gauntlet/client'
import { defaultPool, type StageCode, type WorkerDescription } from '@gauntlet/contract'
import { sealStudy, verifySeal } from '@gauntlet/exchange'
import { recordWholeStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { startPostgres, stopServices } from '@gauntlet/infra'
import {
  doubtable,
  lastPoolDescription,
  migrate,
  openLedger,
  reproductionsOf,
  rowsOfStudy,
  studyEvidence,
  traceMeasurement,
  type LedgerDatabase,
} from '@gauntlet/ledger'
import { expandStudy, parseStudy } from '@gauntlet/study'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { BulkActivities, hastyStore } from './bulk-activities.ts'

/** How much is recorded, and how much at the same time. */
interface Sizes {
  readonly images: number
  readonly parallel: number
  readonly bulk: boolean
  /** The folder of the store. */
  readonly artifacts: string
  /** Seconds after which filling a study ends. */
  readonly seconds: number
}

/** Perturbations of the large study. */
const perturbations = 25

/**
 * A ledger of many measurements with full lineage, filled by the ledger's own activities: how fast a number is traced,
 * a table is read, and a study is verified and sealed; and that queries about one number scan no table. `--bulk` writes
 * the same rows thousands at a time. `--folder` keeps the ledger, and goes on filling one that was interrupted, for
 * `--fill-seconds` at most; `--fill-only` ends then, and `--as-is` measures a kept one as it is.
 */
export async function ledgerBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      measurements: { type: 'string', default: '100000' },
      images: { type: 'string', default: '100' },
      parallel: { type: 'string', default: '8' },
      folder: { type: 'string' },
      bulk: { type: 'boolean', default: false },
      'as-is': { type: 'boolean', default: false },
      'fill-seconds': { type: 'string', default: 'Infinity' },
      'fill-only': { type: 'boolean', default: false },
    },
  })
  const kept = values.folder === undefined ? null : resolve(values.folder)
  if (kept) await mkdir(kept, { recursive: true })
  const home = kept ?? (await mkdtemp(join(tmpdir(), 'gauntlet-ledger-benchmark-')))
  const tidyUp = async () => {
    await stopServices(home)
    if (!kept) await rm(home, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void tidyUp().finally(() => process.exit(1)))
  try {
    const { databaseUrl } = await startPostgres(home)
    await migrate(databaseUrl)
    const ledger = openLedger(databaseUrl)
    const artifacts = join(home, 'artifacts')
    const store = openArtifactStore(pathToFileURL(artifacts).href, join(home, 'cache'))
    const sizes = {
      images: Number(values.images),
      parallel: Number(values.parallel),
      bulk: values.bulk,
      artifacts,
      seconds: Number(values['fill-seconds']),
    }
    console.log(`${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}`)
    const configurations = Math.ceil(Number(values.measurements) / perturbations)
    if (!values['as-is']) await fill(ledger.db, store, studyText('large', configurations, perturbations), sizes)
    await fill(ledger.db, store, studyText('small', 5, 5), sizes)
    if (!values['fill-only']) await measure(ledger.db, store)
    await ledger.close()
  } finally {
    await tidyUp()
  }
}

async function measure(db: LedgerDatabase, store: ArtifactStore): Promise<void> {
  await db.execute('analyze')
  const ids = (await db.execute<{ id: string }>('select id from measurement order by md5(id) limit 300')).rows
  const all = (await db.execute<{ count: number }>('select count(*)::int as count from measurement')).rows[0]!.count
  console.log(`${all} measurements in the ledger`)
  await pointQueries(
    db,
    ids.map(({ id }) => id),
  )
  await tables(db)
  await verification(db, store)
  await sealing(db, store)
}

function studyText(name: string, seeds: number, count: number): string {
  const radii = Array.from({ length: count - 1 }, (_, i) => `  - { name: Linf, epsilon: ${i + 1}/255 }`)
  return [
    `name: ${name}`,
    'datasets: [digits]',
    'backbones: [tf_efficientnet_lite0.in1k]',
    `losses: [${name === 'large' ? 'Classic AT' : 'TRADES'}]`,
    'protocols: [FFT-1]',
    `seeds: [${Array.from({ length: seeds }, (_, i) => i + 1).join(', ')}]`,
    'evaluator: apgd-ce',
    'perturbations:',
    '  - clean',
    ...radii,
    '',
  ].join('\n')
}

async function fill(db: LedgerDatabase, store: ArtifactStore, text: string, sizes: Sizes): Promise<void> {
  const begunAt = performance.now()
  const into = sizes.bulk ? hastyStore(store, sizes.artifacts) : store
  const bulk = sizes.bulk ? new BulkActivities(db, into) : null
  const known = await measuredConfigurations(db, text)
  let recorded = 0
  const study = await recordWholeStudy(db, into, {
    text,
    ...sizes,
    ...(bulk ? { recording: bulk } : {}),
    known,
    goesOn: () => performance.now() - begunAt < 1_000 * sizes.seconds,
    onConfiguration: (done, total) => {
      recorded++
      if (done % 200 === 0) console.error(`${done}/${total} configurations recorded`)
    },
  })
  await bulk?.flush()
  const numbers = recorded * study.perturbations.length
  const rate = numbers / ((performance.now() - begunAt) / 1_000)
  console.log(`${study.name}: ${numbers} measurements over ${sizes.images} images, recorded at ${rate.toFixed(0)}/s`)
}

/** The configurations of a study that have all their numbers, so that a fill which was interrupted goes on. */
async function measuredConfigurations(db: LedgerDatabase, text: string): Promise<Set<string>> {
  const { perturbations: all } = expandStudy(parseStudy(text, 'large.study.yaml'))
  const { rows } = await db.execute<{ id: string }>(
    `select configuration_id as id from measurement group by configuration_id having count(*) >= ${all.length}`,
  )
  return new Set(rows.map(({ id }) => id))
}

/** Tables that grow with the number of measurements. */
const largeTables = ['measurement', 'execution', 'execution_artifact', 'artifact', 'attempt', 'configuration']

async function pointQueries(db: LedgerDatabase, ids: readonly string[]): Promise<void> {
  const before = await scansOf(db)
  const times: Record<string, number[]> = { trace: [], 'its reproductions': [], 'the digest of a doubt': [] }
  for (const id of ids) {
    const traced = await timed(() => traceMeasurement(db, id))
    times['trace']!.push(traced.milliseconds)
    times['its reproductions']!.push((await timed(() => reproductionsOf(db, id))).milliseconds)
    const digest = traced.result.measurement.outcomesDigest.slice(0, 16)
    times['the digest of a doubt']!.push((await timed(() => doubtable(db, digest))).milliseconds)
  }
  for (const [name, all] of Object.entries(times)) console.log(`${name}: ${quantiles(all)}`)
  const after = await scansOf(db)
  const more = largeTables.filter((_, i) => after[i]! > before[i]!)
  console.log(`sequential scans by these ${3 * ids.length} queries: ${more.join(', ') || 'none'}`)
  if (more.length > 0) process.exitCode = 1
}

/** Sequential scans of each large table until now, once Postgres has counted them. */
async function scansOf(db: LedgerDatabase): Promise<number[]> {
  await sleep(11_000) // an idle connection tells Postgres of its scans every ten seconds
  const { rows } = await db.execute<{ relname: string; seq_scan: string }>(
    'select relname, seq_scan from pg_stat_user_tables',
  )
  return largeTables.map((table) => Number(rows.find(({ relname }) => relname === table)?.seq_scan ?? 0))
}

/** Rows of the page that `gauntlet results` shows of a large study. */
const page = 500

async function tables(db: LedgerDatabase): Promise<void> {
  const describe = async (codes: readonly StageCode[]) => {
    const pool = await lastPoolDescription(db, defaultPool, codes)
    return pool!.document as unknown as WorkerDescription
  }
  const small = await timed(() => readResults(db, 'small', describe))
  console.log(`results of small: ${small.result.rows.length} rows in ${small.milliseconds.toFixed(0)} ms`)
  const size = await rowsOfStudy(db, 'large')
  const pages: number[] = []
  for (let first = 1; first <= size; first += Math.ceil(size / 20 / page) * page) {
    const read = await timed(() => readResults(db, 'large', describe, { first, last: first + page - 1 }))
    if (pages.push(read.milliseconds) === 1)
      console.log(`results of large, its first page: ${read.result.rows.length} rows in ${pages[0]!.toFixed(0)} ms`)
  }
  console.log(`results of large, ${pages.length} pages of ${page} rows: ${quantiles(pages)}`)
  const one = await timed(() => readResults(db, 'large', describe, { first: size, last: size }))
  console.log(`results of large, one row: ${one.milliseconds.toFixed(0)} ms`)
  const evidence = await timed(() => studyEvidence(db, 'large'))
  for (const time of ['first', 'again']) {
    const whole = await timed(() => readResults(db, 'large', describe))
    console.log(
      `results of large, whole (${time}): ${whole.result.rows.length} rows in ${whole.milliseconds.toFixed(0)} ms, of which the rows of the ledger ${evidence.milliseconds.toFixed(0)} ms`,
    )
  }
}

async function verification(db: LedgerDatabase, store: ArtifactStore): Promise<void> {
  const counted = new CountedOutcomes(null)
  for (const again of ['first', 'again']) {
    const before = process.cpuUsage()
    const { levels, secondsReading, measurements, executions, holds } = await verifyStudy('large', {
      db,
      store,
      levels: verificationLevels(counted),
    })
    const parts = levels.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')
    const numbers = levels.find(({ name }) => name === 'numbers')!
    const rate = (measurements / numbers.seconds).toFixed(0)
    const { user, system } = process.cpuUsage(before)
    const core = ((user + system) / 1e6).toFixed(1)
    const memory = (process.memoryUsage().rss / 2 ** 20).toFixed(0)
    console.log(
      `verify (${again}): ${measurements} numbers, ${executions} executions; rows read ${secondsReading.toFixed(1)} s, ${parts}; ${rate} numbers/s; ${core} s of a core; ${memory} MiB; ${holds ? 'nothing missing' : 'MISSING LINKS'}`,
    )
    if (!holds) process.exitCode = 1
  }
}

/** Seals the large study, and compares the ledger with the seal as `gauntlet verify --seal` does. */
async function sealing(db: LedgerDatabase, store: ArtifactStore): Promise<void> {
  const sources = { db, store }
  const { result, milliseconds } = await timed(() => sealStudy(sources, 'large'))
  const { sealed } = result
  console.log(`seal: ${sealed.seal.tree.size} facts in ${(milliseconds / 1_000).toFixed(1)} s`)
  const folder = await mkdtemp(join(tmpdir(), 'gauntlet-seal-'))
  try {
    const file = join(folder, 'large.seal.json')
    await writeFile(file, JSON.stringify(sealed))
    for (const again of ['first', 'again']) {
      const compared = await timed(() => verifySeal(file, (work) => work(sources)))
      const holds = compared.result.of === 'ledger' && compared.result.passed
      const seconds = (compared.milliseconds / 1_000).toFixed(1)
      console.log(`compared with its seal (${again}): ${seconds} s; ${holds ? 'as it was sealed' : 'NOT AS SEALED'}`)
      if (!holds) process.exitCode = 1
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function timed<Result>(work: () => Promise<Result>) {
  const begunAt = performance.now()
  return { result: await work(), milliseconds: performance.now() - begunAt }
}

function quantiles(milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${at(1)} ms`
}
