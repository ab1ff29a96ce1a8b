import { CommandFailed } from './command-failed.ts'

/**
 * Whether this process has a terminal. Without one, as under nohup, cron or a scheduler, a hang-up does not concern it.
 * Node undoes nohup's own way of saying so, which is to ignore the signal.
 */
export function hasTerminal({
  stdin,
  stdout,
  stderr,
}: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'> = process): boolean {
  return [stdin, stdout, stderr].some((stream) => stream.isTTY)
}

/** A command was interrupted. */
class Interrupted extends CommandFailed {}

/**
 * Runs `work` with a signal that Ctrl-C, a request to terminate, or the end of the terminal aborts. If the work
 * fails after that, in whatever way, the command fails with `message`, or with that of interruptible work in it. A
 * second Ctrl-C ends the process at once.
 */
export async function interruptible<T>(message: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController()
  const interrupt = () => {
    // Services take a while to stop, in which nothing else would be seen.
    if (process.stderr.isTTY) console.error('\nStopping; a second Ctrl-C ends it at once.')
    interruption.abort(new Interrupted(message))
  }
  const signals = ['SIGINT', 'SIGTERM', ...(hasTerminal() ? ['SIGHUP'] : [])]
  for (const signal of signals) process.once(signal, interrupt)
  try {
    return await work(interruption.signal)
  } catch (error) {
    // The interrupted work may fail in its own way, such as a child process that got the same Ctrl-C.
    throw interruption.signal.aborted && !(error instanceof Interrupted) ? interruption.signal.reason : error
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}
