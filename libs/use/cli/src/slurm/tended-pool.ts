import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from '@gauntlet/files'
import { poolBacklog, type Client } from '@gauntlet/client'
import type { DeclaredPool, SlurmStart } from '@gauntlet/contract'
import { reachVariables } from '@gauntlet/infra'
import type { CommandSettings } from '../settings.ts'
import { jobName, sbatchScript } from './sbatch-script.ts'
import { cancelJobs, jobsOf, SlurmRefused, submit, trySubmission } from './slurm.ts'
import { elementsWanted, look, needless, submitted, untended, type JobEnd, type TendedPool } from './tend.ts'

/** The settings of a command, and the identity of the ledger in which its pools are declared. */
export interface PoolSettings extends CommandSettings {
  readonly ledger: string
}

/** A pool whose workers SLURM starts. */
export type SlurmPool = DeclaredPool & { readonly start: SlurmStart }

export function isSlurmPool<Pool extends DeclaredPool>(pool: Pool): pool is Pool & SlurmPool {
  return pool.start.by === 'slurm'
}

/** Where the script, the state and the logs of a pool lie. */
function filesOf({ home }: Pick<CommandSettings, 'home'>, pool: string) {
  const folder = join(home, 'pools')
  mkdirSync(join(home, 'logs'), { recursive: true })
  mkdirSync(folder, { recursive: true })
  const log = (job: string) => join(home, 'logs', `pool-${pool}-${job}.log`)
  return { script: join(folder, `${pool}.sh`), state: join(folder, `${pool}.json`), log }
}

/** Writes the script by which SLURM starts the workers of a pool, and gives its path. */
async function writeScript(settings: PoolSettings, pool: SlurmPool): Promise<string> {
  const { script, log } = filesOf(settings, pool.name)
  const { artifacts, cache, home, ledger } = settings
  const job = jobName(pool.name, ledger)
  const variables = reachVariables(home)
  await writeFileAtomically(script, sbatchScript(pool, { job, artifacts, cache, variables, log: log('%A_%a') }), 0o700)
  return script
}

/** Asks SLURM whether it would take the workers of a pool. Throws `SlurmRefused`. */
export async function tryPool(settings: PoolSettings, pool: SlurmPool): Promise<void> {
  await trySubmission(await writeScript(settings, pool), pool.start.options)
}

export function readTended(settings: Pick<CommandSettings, 'home'>, pool: string): TendedPool {
  const { state } = filesOf(settings, pool)
  return existsSync(state) ? (JSON.parse(readFileSync(state, 'utf8')) as TendedPool) : untended
}

export async function writeTended(
  settings: Pick<CommandSettings, 'home'>,
  pool: string,
  tended: TendedPool,
): Promise<void> {
  await writeFileAtomically(filesOf(settings, pool).state, JSON.stringify(tended))
}

/**
 * Looks after a pool once: submits workers where stages wait, takes back those that wait for nothing, and pauses where
 * SLURM refuses or workers do not start. Gives a sentence for what it did; undefined where it did nothing.
 */
export async function tendOnce(settings: PoolSettings, client: Client, pool: SlurmPool): Promise<string | undefined> {
  const { name, start } = pool
  const [jobs, backlog] = await Promise.all([jobsOf(jobName(name, settings.ledger)), poolBacklog(client, name)])
  const before = readTended(settings, name)
  let tended = look(before, jobs, (job) => endOf(filesOf(settings, name).log(job)))
  const needed = tended.paused === null ? elementsWanted(backlog, jobs, start, Date.now()) : 0
  const idle = needless(backlog, jobs)
  let said = idle.length > 0 ? `${name}: took back ${idle.length} jobs that waited for nothing` : undefined
  await cancelJobs(idle)
  if (needed > 0) {
    const error = await submitting(() => submitWorkers(settings, pool, needed))
    tended = submitted(tended, error)
    said =
      error === null ? `${name}: ${needed} workers for ${backlog.stages} stages` : `${name}: SLURM refuses: ${error}`
  }
  await writeTended(settings, name, tended)
  if (tended.paused === null || before.paused !== null) return said
  return `${name} is paused: ${tended.paused}; see the logs in ${settings.home}/logs, then: gauntlet pool resume ${name}`
}

async function submitWorkers(settings: PoolSettings, pool: SlurmPool, elements: number): Promise<void> {
  await submit(await writeScript(settings, pool), pool.start.options, elements)
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

/** How a job ended, by its log: a worker says when it is ready. */
function endOf(log: string): JobEnd {
  if (!existsSync(log)) return 'never began'
  return / ready: \d+ × /.test(readFileSync(log, 'utf8')) ? 'worked' : 'failed to start'
}
