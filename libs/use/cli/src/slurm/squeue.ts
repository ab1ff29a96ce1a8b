/** An element of a job array, as squeue has it. */
export interface SlurmJob {
  /** `<job>_<element>`. */
  readonly id: string
  readonly state: 'waiting' | 'running' | 'ending' | 'cancelled' | 'ended'
  /** When it began to run, in milliseconds since the epoch; null while it waits. */
  readonly startedAt: number | null
}

/** Whether a job is there still. SLURM remembers for some minutes those that are not. */
export function isPresent({ state }: SlurmJob): boolean {
  return state !== 'cancelled' && state !== 'ended'
}

/** The format for which `parseJobs` reads what squeue prints. */
export const squeueFormat = '%i|%T|%S'

/** Reads the jobs from the lines of `squeue --states=all --noheader --array --format=<squeueFormat>`. */
export function parseJobs(output: string): SlurmJob[] {
  return output
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const [id = '', state = '', start = ''] = line.trim().split('|')
      const startedAt = Date.parse(start)
      const isWaiting = /^(PENDING|CONFIGURING|REQUEUE\w*|SPECIAL_EXIT|RESV_DEL_HOLD)$/.test(state)
      const isRunning = /^(RUNNING|SUSPENDED|STOPPED|SIGNALING)$/.test(state)
      return {
        id,
        state: isWaiting ? 'waiting' : isRunning ? 'running' : stateAfter(state),
        startedAt: isWaiting || Number.isNaN(startedAt) ? null : startedAt,
      }
    })
}

/** The state of a job that neither waits nor runs, by the name that SLURM has for it. */
function stateAfter(state: string): SlurmJob['state'] {
  if (state === 'COMPLETING' || state === 'STAGE_OUT') return 'ending'
  return state === 'CANCELLED' ? 'cancelled' : 'ended'
}
