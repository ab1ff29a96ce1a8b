/** An element of a job array, as squeue has it. */
export interface SlurmJob {
  /** `<job>_<element>`. */
  readonly id: string
  readonly state: 'waiting' | 'running' | 'ending'
  /** When it began to run, in milliseconds since the epoch; null while it waits. */
  readonly startedAt: number | null
}

/** The format for which `parseJobs` reads what squeue prints. */
export const squeueFormat = '%i|%T|%S'

/** Reads the jobs from the lines of `squeue --noheader --array --format=<squeueFormat>`. */
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
        state: isWaiting ? 'waiting' : isRunning ? 'running' : 'ending',
        startedAt: isWaiting || Number.isNaN(startedAt) ? null : startedAt,
      }
    })
}
