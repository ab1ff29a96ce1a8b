import { CommandFailed } from './command-failed.ts'

/**
 * Does `work` with a signal that Ctrl-C, or a request to terminate, aborts. However the work then ends before it is
 * done, the command ends with `message`. A second Ctrl-C ends the process at once.
 */
export async function interruptible<T>(message: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(new CommandFailed(message))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    return await work(interruption.signal)
  } catch (error) {
    // What was under way when the user interrupted may fail in its own way, such as a child that got the same Ctrl-C.
    throw interruption.signal.aborted ? interruption.signal.reason : error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
