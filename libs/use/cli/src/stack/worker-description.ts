import { fetchPoolDescription, type DescribedPool } from '@gauntlet/client'
import { defaultPool, type StageCode, type WorkerDescription } from '@gauntlet/contract'
import { examineEngine, programStarter } from '@gauntlet/infra'
import { lastPoolDescription, type LedgerDatabase } from '@gauntlet/ledger'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gpuWorker } from '../checkout.ts'
import { CommandFailed } from '../command-failed.ts'
import type { CommandSettings } from '../settings.ts'
import { askedPool, recordedPool, studyPlace } from './study-pools.ts'
import { connectTemporal } from './temporal.ts'

const sources = join(gpuWorker, 'src')

/** How long a reading command waits for a pool to answer before it uses the ledger's record. */
const answerLimit = '10 s'

/**
 * The description of the pool's workers, for commands that only read. Where no worker can be asked, such as on a login
 * node that has no engine, it is the one that the ledger has.
 */
export async function askWorkersOrLedger(
  settings: CommandSettings,
  db: LedgerDatabase,
  codes: readonly StageCode[],
): Promise<DescribedPool> {
  const place = await studyPlace(settings, db)
  try {
    return { description: await askWorkers(settings, codes, askedPool(place), answerLimit), describedAt: null }
  } catch (error) {
    const recorded = await lastPoolDescription(db, recordedPool(place), codes)
    if (!recorded) throw error
    return { description: recorded.document as unknown as WorkerDescription, describedAt: recorded.describedAt }
  }
}

/**
 * Asks the workers that will do the work for their description: those of this machine, or of the pool on the user's own
 * Temporal, which has `limit` to answer.
 */
export async function askWorkers(
  settings: CommandSettings,
  codes: readonly StageCode[],
  pool = defaultPool,
  limit?: typeof answerLimit,
): Promise<WorkerDescription> {
  if (!settings.temporalAddress) return askLocalWorker(settings, codes)
  const { client, close } = await connectTemporal(settings.temporalAddress)
  try {
    return await fetchPoolDescription(client, pool, codes, limit)
  } finally {
    await close()
  }
}

/**
 * Asks a GPU worker of this machine, which is started for this question alone. The command line loads no tensor
 * runtime, so it cannot compute the environment class itself. The worker's device process proves first that the engine
 * computes. Only where that fails is the engine examined, for the sentence that says what to change.
 */
async function askLocalWorker(
  { artifacts, cache }: CommandSettings,
  codes: readonly StageCode[],
): Promise<WorkerDescription> {
  const env = { ...process.env, GAUNTLET_ARTIFACTS: artifacts, GAUNTLET_CACHE: cache }
  try {
    const answer = promisify(execFile)(process.execPath, [programStarter, join(sources, 'describe-main.ts')], { env })
    answer.child.stdin?.end(JSON.stringify(codes))
    const { stdout } = await answer
    return JSON.parse(stdout) as WorkerDescription
  } catch (error) {
    const { state, fix } = await examineEngine()
    if (state !== 'ok') throw new CommandFailed(`engine: ${fix}`)
    const { stderr = '' } = error as { stderr?: string }
    const reason = stderr.split('\n').find((line) => /^[A-Z]\w*[a-z]\w*( \[\w+\])?: /.test(line)) ?? String(error)
    throw new CommandFailed(`The engine does not start (${reason.trim()}); see what npx gauntlet doctor says.`)
  }
}
