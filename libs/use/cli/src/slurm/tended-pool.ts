import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { poolBacklog, type Client } from '@gauntlet/client'
import type { DeclaredPool, SlurmStart } from '@gauntlet/contract'
import { copyReach } from '@gauntlet/infra'
import type { CommandSettings } from '../settings.ts'
import { jobFolder } from './job-folder.ts'
import { jobName, sbatchScript } from './sbatch-script.ts'
import { cancelJobs, jobsOf, SlurmRefused, submit, trySubmission, type Submission } from './slurm.ts'
import { isPresent } from './squeue.ts'
import { elementsWanted, endOf, look, needless, submitted, untended, type TendedPool } from './tend.ts'
import { count } from '../print/count.ts'

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

/** The file with what a job prints, in the folder of jobs. */
function logFile(folder: string, pool: string, job: string): string {
  return join(folder, 'logs', `${pool}-${job}.log`)
}

/** Writes the script by which SLURM starts the workers of a pool, and gives what is to be submitted. */
async function prepare(settings: PoolSettings, folder: string, pool: SlurmPool): Promise<Submission> {
  const { artifacts, cache, home, ledger } = settings
  const script = join(folder, `${pool.name}.sh`)
  const variables = await copyReach(home, folder)
  await writeFileAtomically(script, sbatchScript(pool, { artifacts, cache, variables }), 0o700)
  const { options } = pool.start
  const log = logFile(folder.replaceAll('%', '%%'), pool.name, '%A_%a')
  return { script, options, name: jobName(pool.name, ledger), log }
}

/** Asks SLURM whether it would take the workers of a pool. Throws `SlurmRefused`. */
export async function tryPool(settings: PoolSettings, pool: SlurmPool): Promise<void> {
  await trySubmission(await prepare(settings, jobFolder(settings), pool))
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
 * SLURM refuses or workers do not start. Of several that look at once, one looks after the other. Gives a sentence for
 * what it did; undefined where it did nothing.
 */
export async function tendOnce(settings: PoolSettings, client: Client, pool: SlurmPool): Promise<string | undefined> {
  return alone(settings, pool.name, (folder) => lookAfter({ ...settings, folder }, client, pool))
}

/** Lets SLURM start workers of a pool again that was paused. What is known of its jobs stays known. */
export function resumePool(settings: PoolSettings, pool: string): Promise<void> {
  return alone(settings, pool, async () => {
    const { known, ledger } = readTended(settings, pool)
    await writeTended(settings, pool, { ...untended, known, ledger })
  })
}

/** Does something with a pool while nobody else does, with the folder of its jobs. */
function alone<Result>(
  settings: PoolSettings,
  pool: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = jobFolder(settings)
  return exclusively(join(folder, `${pool}.lock`), () => work(folder))
}

/** `folder`: that of the jobs. */
async function lookAfter(
  { folder, ...settings }: PoolSettings & { readonly folder: string },
  client: Client,
  pool: SlurmPool,
): Promise<string | undefined> {
  const { name, start } = pool
  const { ledger } = settings
  const [remembered, backlog] = await Promise.all([jobsOf(jobName(name, ledger)), poolBacklog(client, name)])
  const jobs = remembered.filter(isPresent)
  const before = readTended(settings, name)
  const known = before.ledger === ledger ? before.known : [] // an earlier Gauntlet had its logs elsewhere
  let tended = look({ ...before, ledger, known }, jobs, (job) =>
    endOf(
      readLog(logFile(folder, name, job)),
      remembered.find(({ id }) => id === job),
    ),
  )
  const needed = tended.paused === null ? elementsWanted(backlog, jobs, start, Date.now()) : 0
  const idle = needless(backlog, jobs)
  let said = idle.length > 0 ? `${name}: took back ${count(idle.length, 'job')} that waited for nothing` : undefined
  await cancelJobs(idle)
  tended = { ...tended, known: tended.known.filter((job) => !idle.some(({ id }) => id === job)) }
  if (needed > 0) {
    const { added, refusal } = await submitWhatIsTaken(await prepare(settings, folder, pool), needed)
    // Beside jobs that are there a refusal is a limit of the cluster, and no reason to pause.
    if (added.length > 0 || jobs.length === 0) tended = submitted(tended, added.length > 0 ? null : refusal)
    tended = { ...tended, known: [...tended.known, ...added] }
    const which = added.length < needed ? ` (of ${needed}; SLURM refuses more: ${refusal})` : ''
    said = `${name}: ${count(added.length, 'worker')} for ${count(backlog.stages, 'stage')}${which}`
  }
  await writeTended(settings, name, tended)
  if (tended.paused === null || before.paused !== null) return said
  const logs = join(folder, 'logs')
  return `${name} is paused: ${tended.paused}; see their logs in ${logs} (a job without one was not launched, or its node does not see that folder), then: npx gauntlet pool resume ${name}`
}

/** Submits so many jobs, or half of them where SLURM refuses, and so on. Gives those it took, and its last refusal. */
async function submitWhatIsTaken(
  submission: Submission,
  needed: number,
): Promise<{ readonly added: readonly string[]; readonly refusal: string | null }> {
  let refusal: string | null = null
  for (let elements = needed; elements >= 1; elements = Math.floor(elements / 2)) {
    try {
      return { added: await submit(submission, elements), refusal }
    } catch (error) {
      if (!(error instanceof SlurmRefused)) throw error
      refusal = error.message
    }
  }
  return { added: [], refusal }
}

/** What a job printed; null where it has no log. */
function readLog(log: string): string | null {
  return existsSync(log) ? readFileSync(log, 'utf8') : null
}
