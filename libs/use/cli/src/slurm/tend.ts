import type { PoolBacklog } from '@gauntlet/client'
import type { SlurmStart } from '@gauntlet/contract'
import type { SlurmJob } from './squeue.ts'

/** What is remembered of a pool between two looks. */
export interface TendedPool {
  /** Jobs that were there at the last look, or were submitted then. */
  readonly known: readonly string[]
  /** The ledger for whose workers they are; null where that is not remembered, and nothing is said of their ends. */
  readonly ledger: string | null
  /** Submissions in a row that SLURM refused. */
  readonly refused: number
  /** Jobs in a row that ended before their worker was ready. */
  readonly failedStarts: number
  /** Why no jobs are submitted; null while they are. */
  readonly paused: string | null
}

export const untended: TendedPool = { known: [], ledger: null, refused: 0, failedStarts: 0, paused: null }

/** How many submissions may be refused in a row, and how many workers may fail to start, before a pool is paused. */
export const tolerated = { refused: 10, failedStarts: 3 }

/** Milliseconds in which a job that runs may not have a worker yet. */
const startTime = 120_000

/** How a job ended: after its worker was ready, before that, or taken back while it waited. */
export type JobEnd = 'worked' | 'failed to start' | 'never began'

/**
 * How a job that is gone ended, by what it printed and by the last that SLURM says of it. One without a log that nobody
 * took back failed: either SLURM could not launch it, or its log lies where this machine does not see it.
 */
export function endOf(log: string | null, last: SlurmJob | undefined): JobEnd {
  if (log !== null) return / ready: \d+ × /.test(log) ? 'worked' : 'failed to start'
  return last?.state === 'cancelled' ? 'never began' : 'failed to start'
}

/** Takes note of the jobs that are there now, and of how those that are gone ended. */
export function look(before: TendedPool, jobs: readonly SlurmJob[], endOf: (job: string) => JobEnd): TendedPool {
  const present = new Set(jobs.map(({ id }) => id))
  let { failedStarts } = before
  for (const job of before.known.filter((id) => !present.has(id))) {
    const end = endOf(job)
    if (end === 'worked') failedStarts = 0
    if (end === 'failed to start') failedStarts += 1
  }
  const isTooMany = failedStarts >= tolerated.failedStarts
  const paused = isTooMany ? `${failedStarts} workers in a row ended before they were ready` : before.paused
  return { ...before, known: [...present], failedStarts, paused }
}

/** Takes note of a submission: the error that SLURM gave, or null where it took it. */
export function submitted(before: TendedPool, error: string | null): TendedPool {
  if (error === null) return { ...before, refused: 0 }
  const refused = before.refused + 1
  const paused =
    refused >= tolerated.refused ? `SLURM refused ${refused} submissions in a row: ${error}` : before.paused
  return { ...before, refused, paused }
}

/**
 * How many elements are to be submitted: one for every `backlog` stages that wait, and one where somebody asks what the
 * workers are; less those that wait or begin already, and no more than the pool may have.
 */
export function elementsWanted(
  { stages, questions }: PoolBacklog,
  jobs: readonly SlurmJob[],
  { backlog, maxWorkers }: Pick<SlurmStart, 'backlog' | 'maxWorkers'>,
  now: number,
): number {
  const wanted = Math.max(Math.ceil(stages / backlog), questions > 0 ? 1 : 0)
  const coming = jobs.filter(
    ({ state, startedAt }) => state === 'waiting' || (state === 'running' && (startedAt ?? 0) > now - startTime),
  ).length
  return Math.max(0, Math.min(wanted - coming, maxWorkers - jobs.length))
}

/** The jobs that wait although nothing waits for them. */
export function needless({ stages, questions }: PoolBacklog, jobs: readonly SlurmJob[]): readonly SlurmJob[] {
  return stages + questions > 0 ? [] : jobs.filter(({ state }) => state === 'waiting')
}
