import { programStarter } from '@gauntlet/infra'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { gpuWorker } from '../checkout.ts'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { interruptible } from '../interruptible.ts'
import { progressLine } from '../print/progress-line.ts'

const sources = join(gpuWorker, 'src')

/** The answers of a process that computes for the command line; every kind of it has these. */
export type ComputingAnswer =
  | { readonly type: 'progress' }
  | { readonly type: 'done' }
  /** The request cannot be met; `message` says what to change. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }

type Of<Answer extends ComputingAnswer, Type> = Extract<Answer, { readonly type: Type }>

/** A computation in a process of its own, with the texts that tell the user about it. */
export interface Computation<Answer extends ComputingAnswer> {
  /** The file of the process, in workers/gpu/src. */
  readonly script: string
  readonly request: object
  /** Environment variables of the process beside those of this one. */
  readonly variables?: Readonly<Record<string, string>>
  /** The name of the computation at the beginning of a sentence: `The probe`. */
  readonly name: string
  /** The message when it is interrupted. */
  readonly interrupted: string
  /** Takes every answer on the way. */
  readonly onProgress?: (progress: Of<Answer, 'progress'>) => void
  /** The line of progress after so many seconds. */
  progressText(progress: Of<Answer, 'progress'>, seconds: number): string
}

/**
 * Runs a computation in a process of its own, because the command line loads no tensor runtime. Shows its progress and
 * resolves to its last answer.
 */
export async function compute<Answer extends ComputingAnswer>(
  computation: Computation<Answer>,
): Promise<Of<Answer, 'done'>> {
  return interruptible(computation.interrupted, async (signal) => {
    const child = fork(programStarter, [join(sources, computation.script)], {
      execArgv: [],
      env: { ...process.env, ...computation.variables },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    signal.addEventListener('abort', () => child.kill())
    const progress = progressLine()
    const startedAt = performance.now()
    let errorOutput = ''
    child.stderr?.on('data', (chunk: Buffer) => void (errorOutput = `${errorOutput}${chunk.toString()}`.slice(-4_000)))
    const answered = new Promise<Of<Answer, 'done'>>((done, fail) => {
      child.on('message', (answer: Answer) => {
        if (is(answer, 'progress')) {
          computation.onProgress?.(answer)
          progress.show(computation.progressText(answer, (performance.now() - startedAt) / 1000))
        } else if (is(answer, 'done')) done(answer)
        else if (is(answer, 'refused')) fail(new Misuse(answer.message))
        else if (is(answer, 'failed')) fail(Object.assign(new Error(answer.message), { stack: answer.stack }))
      })
      child.on('error', fail)
      child.on('exit', (code, killedBy) => {
        if (signal.aborted) return fail(signal.reason as Error)
        const reason = `${killedBy ?? `exit code ${code}`}; ${errorOutput.trim().split('\n').at(-1) ?? ''}`
        fail(
          new CommandFailed(
            `${computation.name} ended without an answer (${reason}); see what npx gauntlet doctor says.`,
          ),
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
