import { connect, describePool } from '@gauntlet/client'
import { defaultPool, temporalSettings, type WorkerDescription } from '@gauntlet/contract'
import { examineEngine } from '@gauntlet/infra'
import { lastPoolDescription, type LedgerDatabase } from '@gauntlet/ledger'
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CommandFailed } from './command-failed.ts'
import type { Settings } from './settings.ts'

const gpuWorker = resolve(import.meta.dirname, '../../../../workers/gpu/src')

/** What the workers of a pool are, and since when it is known where none could be asked. */
export interface PoolDescription {
  readonly description: WorkerDescription
  /** When the pool last said so; null where it was asked just now. */
  readonly describedAt: Date | null
}

/** How long a reading command waits for a pool to answer before it goes by the ledger. */
const patience = '10 s'

/**
 * What the workers of a study's pool are, for commands that only read: asked of them, or else what the ledger kept of
 * them, such as on a login node that has no engine.
 */
export async function describeWorkersOrRecord(settings: Settings, db: LedgerDatabase): Promise<PoolDescription> {
  try {
    return { description: await describeWorkers(settings, patience), describedAt: null }
  } catch (error) {
    const recorded = await lastPoolDescription(db, settings.pool ?? defaultPool)
    if (!recorded) throw error
    return { description: recorded.document as unknown as WorkerDescription, describedAt: recorded.describedAt }
  }
}

/**
 * What the workers that will do the work say of themselves: those of this machine, or of the pool on the user's own
 * Temporal, which is given `limit` to answer.
 */
export async function describeWorkers(settings: Settings, limit?: typeof patience): Promise<WorkerDescription> {
  if (!settings.temporalAddress) return describeLocalWorker(settings)
  const { client, close } = await connect(temporalSettings(settings.temporalAddress, process.env))
  try {
    return await describePool(client, settings.pool ?? defaultPool, limit)
  } finally {
    await close()
  }
}

/**
 * What a GPU worker of this machine says of itself, asked of one that starts only to say so. The command line loads no
 * tensor runtime, and may not make up the class of one. Its device process proves first that the engine computes, as
 * that of every worker does; only where that fails is the engine examined, for the sentence that says what to change.
 */
async function describeLocalWorker({ artifacts, cache }: Settings): Promise<WorkerDescription> {
  const env = { ...process.env, GAUNTLET_ARTIFACTS: artifacts, GAUNTLET_CACHE: cache }
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(gpuWorker, 'describe-main.ts')],
      {
        cwd: gpuWorker, // where `tsx` is found, wherever the user is
        env,
      },
    )
    return JSON.parse(stdout) as WorkerDescription
  } catch (error) {
    const { state, fix } = await examineEngine()
    if (state !== 'ok') throw new CommandFailed(`engine: ${fix}`)
    const { stderr = '' } = error as { stderr?: string }
    const reason = stderr.split('\n').find((line) => /^\w*(Error|Import|Invalid)\b.*:/.test(line)) ?? String(error)
    throw new CommandFailed(`The engine does not start (${reason.trim()}); see what gauntlet doctor says.`)
  }
}
