import { CommandFailed } from './command-failed.ts'

/**
 * Runs `work` with a signal that Ctrl-C, or a request to terminate, aborts. If the work fails after that, in whatever
 * way, the command fails with `message`. A second Ctrl-C ends the process at once.
 */
export async function interruptible<T>(message: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(new CommandFailed(message))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    return await work(interruption.signal)
  } catch (error) {
    // The interrupted work may fail in its own way, such as a child process that got the same Ctrl-C.
    throw interruption.signal.aborted ? interruption.signal.reason : error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
