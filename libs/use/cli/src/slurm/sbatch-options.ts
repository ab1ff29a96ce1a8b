import { Misuse } from '../command-failed.ts'

/** Options with which a pool would not work, by their long names and short letters, and why. */
const refused: readonly { readonly names: readonly string[]; readonly letters: string; readonly why: string }[] = [
  {
    names: ['--job-name', '--output', '--error', '--array'],
    letters: 'Joea',
    why: 'Gauntlet sets --job-name, --output, --error, --array of its jobs itself',
  },
  {
    names: ['--clusters'],
    letters: 'M',
    why: 'Gauntlet counts the jobs of the cluster that squeue asks here, and would not find those of another one',
  },
  {
    names: ['--requeue'],
    letters: '',
    why: 'Gauntlet submits other jobs for those that end, and would count one that SLURM queues again as ended',
  },
  { names: ['--wait'], letters: 'W', why: 'sbatch would not return before its jobs have ended' },
  { names: ['--test-only'], letters: '', why: 'sbatch would submit nothing' },
]

/** Short options that take no value and so may stand before others in one word (sbatch(1)). */
const withoutValue = 'HhIkOQsvV'

/** Options that bound how long a job runs. */
const timeOption = /^(?:--time(?:-min)?(?:=|$)|-t)(.*)$/

/**
 * Throws `Misuse` for options of sbatch with which a pool would not work, and for a time in which a worker does nothing
 * but stop.
 */
export function requireUsable(options: readonly string[], drainSeconds: number): void {
  for (const [index, option] of options.entries()) {
    const why = refused.find((one) => isOneOf(one, option))?.why
    if (why !== undefined) throw new Misuse(`${why}; leave out ${option}.`)
    const [, inside] = timeOption.exec(option) ?? []
    if (inside === undefined) continue
    const text = inside || (options[index + 1] ?? '')
    const seconds = timeLimit(text)
    if (seconds !== null && seconds < 2 * drainSeconds)
      throw new Misuse(
        `A job of ${text} is too short, since its worker stops ${drainSeconds} s before the end; give --time at least ${Math.ceil(drainSeconds / 30)} (minutes), or a shorter --drain.`,
      )
  }
}

/** Whether this is one of the options, whose long names sbatch also takes by their beginnings. */
function isOneOf({ names, letters }: { readonly names: readonly string[]; readonly letters: string }, option: string) {
  const long = option.split('=')[0]!
  if (long.startsWith('--')) return long.length > 2 && names.some((name) => name.startsWith(long))
  return letters !== '' && new RegExp(`^-[${withoutValue}]*[${letters}]`).test(option)
}

/**
 * Seconds of a time as sbatch takes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes
 * or days-hours:minutes:seconds. Null for no limit, and for what sbatch has to judge.
 */
export function timeLimit(text: string): number | null {
  const [, days, clock] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? []
  if (clock === undefined) return null
  const [first = 0, second = 0, third = 0] = clock.split(':').map(Number)
  const isHoursFirst = days !== undefined || clock.split(':').length === 3
  const seconds = isHoursFirst ? 3_600 * first + 60 * second + third : 60 * first + second
  return 86_400 * Number(days ?? 0) + seconds || null // 0 asks for no limit
}
