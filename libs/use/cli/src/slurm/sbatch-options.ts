import { Misuse } from '../command-failed.ts'

/** Options by which Gauntlet finds, counts and reads the jobs of a pool, and which it sets itself. */
const ownOptions = ['--job-name', '--output', '--error', '--array']

/** One of them in its short form, also behind short options that take no value (sbatch(1)). */
const ownShort = /^-[HhIkOQsvVW]*[Joea]/

/** Options that bound how long a job runs. */
const timeOption = /^(?:--time(?:-min)?(?:=|$)|-t)(.*)$/

/**
 * Throws `Misuse` for options of sbatch with which a pool would not work: those that Gauntlet sets itself, and a time
 * in which a worker does nothing but stop. sbatch also takes the beginnings of long names.
 */
export function requireUsable(options: readonly string[], drainSeconds: number): void {
  for (const [index, option] of options.entries()) {
    const name = option.split('=')[0]!
    if (ownShort.test(option) || (name.length > 2 && ownOptions.some((own) => own.startsWith(name))))
      throw new Misuse(`Gauntlet sets ${ownOptions.join(', ')} of its jobs itself; leave out ${option}.`)
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
