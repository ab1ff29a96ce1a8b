import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import {
  followStudy,
  planStudy,
  readResults,
  resultRow,
  startStudy,
  takeSnapshot,
  timeLeft,
  type StudyResults,
  type StudySource,
} from '@gauntlet/client'
import { stageCodesOf, type StageCode, type WorkerDescription } from '@gauntlet/contract'
import { openLedger, studyFileType, StudyUnknown, type LedgerDatabase } from '@gauntlet/ledger'
import { expandStudy, studyId, type Digest, type Expansion } from '@gauntlet/study'
import type { Command } from 'commander'
import { withClassMeans } from '../read/class-means.ts'
import { CommandFailed } from '../command-failed.ts'
import { startDashboard } from '../stack/dashboard-server.ts'
import { interruptible } from '../interruptible.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { openBrowser } from '../open-browser.ts'
import { readStudyShowingPins, studyArgument } from '../read/read-study.ts'
import { renderResults } from '../print/results-table.ts'
import { quoted } from '../print/quoted.ts'
import { readCommandSettings, type CommandSettings } from '../settings.ts'
import { progressDisplay } from '../print/show-progress.ts'
import { resumer } from '../stack/resumer.ts'
import { askWorkers } from '../stack/worker-description.ts'
import { summarisePlan } from './plan.ts'
import { budgetOption, ignoredShare, poolOption, weightOption } from '../parse/share-options.ts'
import { askedPool, studyPlace, type StudyPlace } from '../stack/study-pools.ts'
import { connectTemporal } from '../stack/temporal.ts'
import { count } from '../print/count.ts'

export function addRun(program: Command): void {
  program
    .command('run')
    .description('run a study or resume it, then print its table')
    .argument(...studyArgument)
    .option('--json', 'print the rows as a JSON array instead of the table')
    .option('--open', 'open the study in the browser, and serve the page until the run ends')
    .option(...budgetOption)
    .option(...poolOption)
    .option(...weightOption)
    .action((named: string, options: RunOptions) => runStudyFile(named, options))
}

interface RunOptions {
  readonly json?: boolean
  readonly open?: boolean
  /** Device-seconds after which the study pauses; null for no limit, undefined for the budget that it has. */
  readonly budget?: number | null
  readonly pool?: string
  /** Its share of the devices beside other studies. */
  readonly weight?: number
}

/** Runs a study or resumes it, and prints its table. */
export async function runStudyFile(named: string, options: RunOptions): Promise<void> {
  const settings = { ...readCommandSettings(), ...(options.pool ? { pool: options.pool } : {}) }
  const source = await readStudyShowingPins(named, settings.cache)
  const interrupted = `Interrupted; nothing that was finished is lost. Go on with: npx gauntlet run ${quoted(named)}`
  await interruptible(interrupted, (signal) =>
    LocalStack.use(settings, (stack) => runIn({ ...options, stack, settings, source, signal })),
  )
}

interface Invocation extends RunOptions {
  readonly stack: LocalStack
  readonly settings: CommandSettings
  readonly source: StudySource
  readonly signal: AbortSignal
}

interface RunSession extends Invocation {
  readonly expansion: Expansion
  readonly id: Digest
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
  readonly worker: WorkerDescription
  readonly codes: readonly StageCode[]
  readonly place: StudyPlace
}

async function runIn(invocation: Invocation): Promise<void> {
  const { stack, settings, source } = invocation
  const expansion = expandStudy(source.study)
  const codes = stageCodesOf(expansion.configurations, expansion.perturbations)
  // An engine that does not compute ends the command before all else. Workers of a deployment are asked by their pool.
  const local = settings.temporalAddress ? undefined : await askWorkers(settings, codes)
  const ledger = openLedger(await stack.database())
  try {
    const store = openArtifactStore(settings.artifacts, settings.cache)
    const place = await studyPlace(settings, ledger.db)
    if (place.declared) stack.onlyFetch()
    const worker = local ?? (await askWorkers(settings, codes, askedPool(place)))
    const session = { ...invocation, db: ledger.db, store, worker, place, codes, expansion, id: studyId(source.study) }
    await (invocation.open ? withPage(session, () => runStudy(session)) : runStudy(session))
  } finally {
    await ledger.close()
  }
}

/** Serves the page of the study for as long as `work` takes, and opens it. */
async function withPage(session: RunSession, work: () => Promise<void>): Promise<void> {
  const options = { hostname: '127.0.0.1', port: undefined, token: undefined, readOnly: false }
  const server = await startDashboard(session, session.stack, options)
  try {
    const page = `${server.url}studies/${session.id.slice(0, 12)}/matrix`
    console.error(`The study in the browser: ${page}`)
    openBrowser(page)
    await work()
  } finally {
    await server.close()
  }
}

async function runStudy(session: RunSession): Promise<void> {
  const { stack, settings, expansion, id, db, store, json, signal } = session
  const begunAt = new Date()
  const planned = await planStudy(expansion, session.worker, db, store)
  signal.throwIfAborted()
  console.error(summarisePlan(planned))
  const finished = planned.stages.every(({ state }) => state !== 'open') && (await isComplete(session))
  const joined = !finished && (await startAndFollow(session)).joined
  signal.throwIfAborted()
  // A study that ran already goes on by the code that it began with. What the present code lacks is run after it.
  if (joined && !(await isComplete(session))) await startAndFollow(session)
  signal.throwIfAborted()
  await stack.database() // Postgres may have died since it was last looked at.
  // The workers of a pool on the user's own Temporal may have been replaced meanwhile; local ones are those of this
  // command.
  const asked = askedPool(session.place)
  const worker =
    finished || !settings.temporalAddress ? session.worker : await askWorkers(settings, session.codes, asked)
  const results = await withClassMeans({ db, store }, await readResults(db, id, () => Promise.resolve(worker)))
  const pool = { description: worker, describedAt: null }
  console.log(
    json
      ? JSON.stringify(
          results.rows.map((row) => resultRow(row)),
          null,
          2,
        )
      : renderResults(results, { pool }),
  )
  requireNumbers(results, begunAt)
}

/**
 * Whether every cell of the study has its number, or is known to have none because training diverges. That the stages
 * are known is not enough: other studies may have run them, and the ledger may not know this one.
 */
async function isComplete({ db, id, worker }: RunSession): Promise<boolean> {
  try {
    const { missing } = await readResults(db, id, () => Promise.resolve(worker))
    return missing.every(({ failureClass }) => failureClass === 'Diverged')
  } catch (error) {
    if (error instanceof StudyUnknown) return false
    throw error
  }
}

/**
 * Starts or joins the study and follows it to its end, and says whether it ran already. Services and workers that die
 * meanwhile are restarted.
 */
async function startAndFollow({
  source,
  expansion,
  id,
  stack,
  db,
  store,
  worker,
  signal,
  budget,
  pool,
  weight,
  place,
}: RunSession): Promise<{ readonly joined: boolean }> {
  const { temporalAddress } = await stack.everything()
  signal.throwIfAborted()
  const { client, close } = await connectTemporal(temporalAddress)
  const display = progressDisplay(false)
  try {
    const file = await store.put(source.bytes, studyFileType)
    const limit = budget === undefined ? {} : { budgetSeconds: budget }
    const joined = (await takeSnapshot(client, id)).status === 'running'
    const ignored = joined && ignoredShare(source.study.name, { pool, weight })
    if (ignored) console.error(ignored)
    await startStudy(client, { studyId: id, file, ...place, ...(weight ? { weight } : {}), ...limit })
    const estimate = timeLeft(() => planStudy(expansion, worker, db, store))
    const restart = restarter(stack)
    const resumed = resumer(client, id, limit)
    await followStudy({
      client,
      studyId: id,
      timeLeft: estimate,
      signal,
      async onSnapshot(snapshot, secondsLeft) {
        display.show(snapshot, secondsLeft)
        await resumed(snapshot.progress)
        return restart()
      },
    })
    return { joined }
  } finally {
    display.end()
    await close()
  }
}

/**
 * Restarts the services and workers that have died. A restart may fail, because a service can die while it is looked
 * at, but not more than `tolerated` times in a row.
 */
function restarter(stack: LocalStack, tolerated = 3): () => Promise<boolean> {
  let failures = 0
  return async () => {
    try {
      await stack.everything()
      failures = 0
    } catch (error) {
      failures += 1
      if (failures > tolerated) throw error
    }
    return true
  }
}

/** Fails the command where a cell has no number. A configuration that diverged is a result; one that failed is not. */
function requireNumbers({ missing, failedSince }: StudyResults, begunAt: Date): void {
  const empty = missing.filter(({ failureClass }) => failureClass !== 'Diverged')
  if (empty.length > 0) throw new CommandFailed(`${cells(empty.length, 'has', 'have')} no number; the table says why.`)
  const failed = failedSince.filter(({ recordedAt }) => recordedAt > begunAt)
  if (failed.length > 0)
    throw new CommandFailed(
      `${cells(failed.length, 'has a number', 'have numbers')}, but failed in this run; the table says why.`,
    )
}

function cells(number: number, one: string, several: string): string {
  return `${count(number, 'cell')} ${number === 1 ? one : several}`
}
