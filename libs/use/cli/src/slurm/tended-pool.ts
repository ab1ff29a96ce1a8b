import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from '@gauntlet/files'
import { poolBacklog, type Client } from '@gauntlet/client'
import type { DeclaredPool, SlurmStart } from '@gauntlet/contract'
import { copyReach } from '@gauntlet/infra'
import type { CommandSettings } from '../settings.ts'
import { jobFolder } from './job-folder.ts'
import { jobName, sbatchScript } from './sbatch-script.ts'
import { cancelJobs, jobsOf, SlurmRefused, submit, trySubmission } from './slurm.ts'
import { isPresent } from './squeue.ts'
import { elementsWanted, endOf, look, needless, submitted, untended, type TendedPool } from './tend.ts'

/** The settings of a command, and the identity of the ledger in which its pools are declared. */
export interface PoolSettings extends CommandSettings {
  readonly ledger: string
}

/** A pool whose workers SLURM starts. */
export type SlurmPool = DeclaredPool & { readonly start: SlurmStart }

export function isSlurmPool<Pool extends DeclaredPool>(pool: Pool): pool is Pool & SlurmPool {
  return pool.start.by === 'slurm'
}

/** Where that lies which is remembered of a pool. */
function stateFile({ home }: Pick<CommandSettings, 'home'>, pool: string): string {
  return join(home, 'pools', `${pool}.json`)
}

function logFile(settings: PoolSettings, pool: string, job: string): string {
  return join(jobFolder(settings), 'logs', `${pool}-${job}.log`)
}

/** Writes the script by which SLURM starts the workers of a pool, and gives its path. */
async function writeScript(settings: PoolSettings, pool: SlurmPool): Promise<string> {
  const { artifacts, cache, home, ledger } = settings
  const folder = jobFolder(settings)
  const script = join(folder, `${pool.name}.sh`)
  const job = jobName(pool.name, ledger)
  const variables = await copyReach(home, folder)
  const log = logFile(settings, pool.name, '%A_%a')
  await writeFileAtomically(script, sbatchScript(pool, { job, artifacts, cache, variables, log }), 0o700)
  return script
}

/** Asks SLURM whether it would take the workers of a pool. Throws `SlurmRefused`. */
export async function tryPool(settings: PoolSettings, pool: SlurmPool): Promise<void> {
  await trySubmission(await writeScript(settings, pool), pool.start.options)
}

export function readTended(settings: Pick<CommandSettings, 'home'>, pool: string): TendedPool {
  const state = stateFile(settings, pool)
  return existsSync(state) ? (JSON.parse(readFileSync(state, 'utf8')) as TendedPool) : untended
}

export async function writeTended(
  settings: Pick<CommandSettings, 'home'>,
  pool: string,
  tended: TendedPool,
): Promise<void> {
  await writeFileAtomically(stateFile(settings, pool), JSON.stringify(tended))
}

/**
 * Looks after a pool once: submits workers where stages wait, takes back those that wait for nothing, and pauses where
 * SLURM refuses or workers do not start. Gives a sentence for what it did; undefined where it did nothing.
 */
export async function tendOnce(settings: PoolSettings, client: Client, pool: SlurmPool): Promise<string | undefined> {
  const { name, start } = pool
  const { ledger } = settings
  const [remembered, backlog] = await Promise.all([jobsOf(jobName(name, ledger)), poolBacklog(client, name)])
  const jobs = remembered.filter(isPresent)
  const before = readTended(settings, name)
  const known = before.ledger === ledger ? before.known : [] // an earlier Gauntlet had its logs elsewhere
  let tended = look({ ...before, ledger, known }, jobs, (job) =>
    endOf(
      readLog(settings, name, job),
      remembered.find(({ id }) => id === job),
    ),
  )
  const needed = tended.paused === null ? elementsWanted(backlog, jobs, start, Date.now()) : 0
  const idle = needless(backlog, jobs)
  let said = idle.length > 0 ? `${name}: took back ${idle.length} jobs that waited for nothing` : undefined
  await cancelJobs(idle)
  tended = { ...tended, known: tended.known.filter((job) => !idle.some(({ id }) => id === job)) }
  if (needed > 0) {
    const error = await submitting(async () => {
      const added = await submit(await writeScript(settings, pool), start.options, needed)
      tended = { ...tended, known: [...tended.known, ...added] }
    })
    tended = submitted(tended, error)
    said =
      error === null ? `${name}: ${needed} workers for ${backlog.stages} stages` : `${name}: SLURM refuses: ${error}`
  }
  await writeTended(settings, name, tended)
  if (tended.paused === null || before.paused !== null) return said
  const logs = join(jobFolder(settings), 'logs')
  return `${name} is paused: ${tended.paused}; see their logs in ${logs} (a job without one was not launched, or its node does not see that folder), then: gauntlet pool resume ${name}`
}

async function submitting(work: () => Promise<void>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof SlurmRefused) return error.message
    throw error
  }
}

/** What a job printed; null where it has no log. */
function readLog(settings: PoolSettings, pool: string, job: string): string | null {
  const log = logFile(settings, pool, job)
  return existsSync(log) ? readFileSync(log, 'utf8') : null
}
