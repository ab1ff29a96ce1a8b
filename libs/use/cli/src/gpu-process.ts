import { fork } from 'node:child_process'
import { resolve } from 'node:path'
import { CommandFailed, Misuse } from './command-failed.ts'
import { interruptible } from './interruptible.ts'
import { progressLine } from './progress-line.ts'

const gpuWorker = resolve(import.meta.dirname, '../../../../workers/gpu/src')

/** What a process that computes for the command line may answer before and instead of what it was asked for. */
export type ComputingAnswer =
  | { readonly type: 'progress' }
  | { readonly type: 'done' }
  /** It was asked wrongly; `message` says what to change. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }

type Of<Answer extends ComputingAnswer, Type> = Extract<Answer, { readonly type: Type }>

/** A process that computes for one command, and what is said of it. */
export interface Computation<Answer extends ComputingAnswer> {
  /** Its file, in workers/gpu/src. */
  readonly script: string
  readonly request: object
  /** As it stands at the beginning of a sentence: `The probe`. */
  readonly name: string
  /** What is said when it is interrupted. */
  readonly interrupted: string
  /** What progress looks like after so many seconds. */
  describe(progress: Of<Answer, 'progress'>, seconds: number): string
}

/**
 * Has a process of its own compute, since the command line loads no tensor runtime; shows how far it is, and gives its
 * last answer.
 */
export async function compute<Answer extends ComputingAnswer>(
  computation: Computation<Answer>,
): Promise<Of<Answer, 'done'>> {
  return interruptible(computation.interrupted, async (signal) => {
    const child = fork(resolve(gpuWorker, computation.script), {
      execArgv: ['--import', 'tsx'],
      cwd: gpuWorker, // where `tsx` is found, wherever the user is
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    signal.addEventListener('abort', () => child.kill())
    const progress = progressLine()
    const startedAt = performance.now()
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => void (said = `${said}${chunk.toString()}`.slice(-4_000)))
    const answered = new Promise<Of<Answer, 'done'>>((done, fail) => {
      child.on('message', (answer: Answer) => {
        if (is(answer, 'progress')) progress.show(computation.describe(answer, (performance.now() - startedAt) / 1000))
        else if (is(answer, 'done')) done(answer)
        else if (is(answer, 'refused')) fail(new Misuse(answer.message))
        else if (is(answer, 'failed')) fail(Object.assign(new Error(answer.message), { stack: answer.stack }))
      })
      child.on('error', fail)
      child.on('exit', (code, killedBy) => {
        if (signal.aborted) return fail(signal.reason as Error)
        const reason = `${killedBy ?? `exit code ${code}`}; ${said.trim().split('\n').at(-1) ?? ''}`
        fail(
          new CommandFailed(`${computation.name} ended without an answer (${reason}); see what gauntlet doctor says.`),
        )
      })
    })
    try {
      child.send(computation.request)
      return await answered
    } finally {
      progress.end()
      child.kill()
    }
  })
}

function is<Answer extends ComputingAnswer, Type extends ComputingAnswer['type']>(
  answer: Answer,
  type: Type,
): answer is Of<Answer, Type> {
  return answer.type === type
}
