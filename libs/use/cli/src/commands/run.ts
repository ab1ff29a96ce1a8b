import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { connect, startStudy } from '@gauntlet/client'
import { temporalSettings, type WorkerDescription } from '@gauntlet/contract'
import { openLedger, studyResults, StudyUnknown, type LedgerDatabase, type StudyResults } from '@gauntlet/ledger'
import { expandStudy, studyId, type Digest, type Expansion } from '@gauntlet/study'
import type { Command } from 'commander'
import { CommandFailed } from '../command-failed.ts'
import { followStudy } from '../follow-study.ts'
import { interruptible } from '../interruptible.ts'
import { LocalStack } from '../local-stack.ts'
import { planStudy } from '../plan-study.ts'
import { renderResults, resultRow } from '../results-table.ts'
import { readSettings, type Settings } from '../settings.ts'
import { readStudyPinned, type StudySource } from '../study-source.ts'
import { timeLeft } from '../time-left.ts'
import { describeWorkers } from '../worker-description.ts'
import { summarise } from './plan.ts'

export function addRun(program: Command): void {
  program
    .command('run')
    .description('run a study, or go on with one; ends with its table')
    .argument('<study>', 'path of a study file, or the name of one that ships with Gauntlet')
    .option('--json', 'print the rows as a JSON array instead of the table')
    .action(async (named: string, { json }: { json?: boolean }) => {
      const settings = readSettings()
      const source = await readStudyPinned(named, settings.cache)
      const howToGoOn = `Interrupted; nothing that was finished is lost. Go on with: gauntlet run ${named}`
      await interruptible(howToGoOn, (signal) =>
        LocalStack.use(settings, (stack) => runIn({ stack, settings, source, signal, json: json === true })),
      )
    })
}

interface Invocation {
  readonly stack: LocalStack
  readonly settings: Settings
  readonly source: StudySource
  readonly signal: AbortSignal
  readonly json: boolean
}

interface RunSession extends Invocation {
  readonly expansion: Expansion
  readonly id: Digest
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
  readonly worker: WorkerDescription
}

async function runIn(invocation: Invocation): Promise<void> {
  const { stack, settings, source } = invocation
  const worker = await describeWorkers(settings) // first: nothing is to be done with an engine that does not compute
  const ledger = openLedger(await stack.database())
  try {
    const store = openArtifactStore(settings.artifacts)
    const { study } = source
    await runStudy({ ...invocation, db: ledger.db, store, worker, expansion: expandStudy(study), id: studyId(study) })
  } finally {
    await ledger.close()
  }
}

async function runStudy(session: RunSession): Promise<void> {
  const { stack, expansion, id, db, store, worker, json, signal } = session
  const planned = await planStudy(expansion, worker, db, store)
  signal.throwIfAborted()
  console.error(summarise(planned))
  const finished = planned.stages.every(({ fulfilled }) => fulfilled) && (await isComplete(db, id))
  if (!finished) await follow(session)
  signal.throwIfAborted()
  await stack.database() // which may have died in the last moment
  const results = await studyResults(db, id)
  console.log(json ? JSON.stringify(results.rows.map(resultRow), null, 2) : renderResults(results))
  requireNumbers(results)
}

/** Whether every cell of the study has its number: a study new to the ledger may consist of stages that others ran. */
async function isComplete(db: LedgerDatabase, id: Digest): Promise<boolean> {
  try {
    return (await studyResults(db, id)).missing.length === 0
  } catch (error) {
    if (error instanceof StudyUnknown) return false
    throw error
  }
}

/** Starts or joins the study and follows it to its end, bringing back services and workers that die. */
async function follow({ source, expansion, id, stack, db, store, worker, signal }: RunSession): Promise<void> {
  const { temporalAddress } = await stack.everything()
  signal.throwIfAborted()
  const { client, close } = await connect(temporalSettings(temporalAddress, process.env))
  try {
    const file = await store.put(source.bytes, 'application/yaml')
    const { pool } = readSettings()
    await startStudy(client, { studyId: id, file, ...(pool ? { pool } : {}) })
    const clock = timeLeft(() => planStudy(expansion, worker, db, store))
    await followStudy({ client, studyId: id, json: false, timeLeft: clock, signal, onLook: bringingBack(stack) })
  } finally {
    await close()
  }
}

/**
 * Looks after services and workers. That fails once in a while, as they may die while they are looked at, but not again
 * and again.
 */
function bringingBack(stack: LocalStack, patience = 3): () => Promise<boolean> {
  let failures = 0
  return async () => {
    try {
      await stack.everything()
      failures = 0
    } catch (error) {
      failures += 1
      if (failures > patience) throw error
    }
    return true
  }
}

/** A configuration that diverged is a result; one that failed is not, and the exit code says so. */
function requireNumbers({ missing }: StudyResults): void {
  const failed = missing.filter(({ failureClass }) => failureClass !== 'Diverged')
  if (failed.length > 0) throw new CommandFailed(`${failed.length} cells have no number; the table says why.`)
}
