import { failureClassOfError, type NotDone } from '@gauntlet/contract'

/** Makes this the process of one request: takes it over IPC, does it, answers, and ends. */
export function answerOnce<Request, Answer>(work: (request: Request) => Promise<Answer>): void {
  process.on('disconnect', () => process.exit(1))
  process.once('message', (request: Request) => {
    void work(request).catch(notDone).then(end)
  })
}

function notDone(error: unknown): NotDone {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  if (failureClassOfError(error) === 'InvalidInput' || name === 'SettingsInvalid') return { type: 'refused', message }
  return { type: 'failed', message: `${name}: ${message}`, stack: stack ?? message }
}

/** Sends the last answer and ends the process once it is sent. */
function end(answer: unknown): void {
  process.send!(answer, undefined, {}, () => process.disconnect())
}
