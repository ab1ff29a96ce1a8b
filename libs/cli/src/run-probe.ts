import type { ProbeAnswer, ProbeRequest } from '@gauntlet/contract'
import { fork, type ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { CommandFailed, Misuse } from './command-failed.ts'
import { interruptible } from './interruptible.ts'
import { progressLine } from './progress-line.ts'
import { duration } from './table.ts'

const gpuWorker = resolve(import.meta.dirname, '../../../workers/gpu/src')

/** Does a probe in a process of its own, since the command line loads no tensor runtime; shows how far it is, and gives the line that says what was written. */
export async function runProbe(request: ProbeRequest): Promise<string> {
  return interruptible('Interrupted; nothing was written.', async (signal) => {
    const child = fork(resolve(gpuWorker, 'probe/main.ts'), {
      execArgv: ['--import', 'tsx'],
      cwd: gpuWorker, // where `tsx` is found, wherever the user is
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    signal.addEventListener('abort', () => child.kill())
    try {
      child.send(request)
      return await answerOf(child, signal)
    } finally {
      child.kill()
    }
  })
}

function answerOf(child: ChildProcess, signal: AbortSignal): Promise<string> {
  const progress = progressLine()
  const startedAt = performance.now()
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => void (said = `${said}${chunk.toString()}`.slice(-4_000)))
  return new Promise<string>((done, fail) => {
    child.on('message', (answer: ProbeAnswer) => {
      if (answer.type === 'progress') return progress.show(describe(answer, (performance.now() - startedAt) / 1000))
      if (answer.type === 'done') return done(answer.summary)
      if (answer.type === 'refused') return fail(new Misuse(answer.message))
      fail(Object.assign(new Error(answer.message), { stack: answer.stack }))
    })
    child.on('error', fail)
    child.on('exit', (code, killedBy) => {
      if (signal.aborted) return fail(signal.reason as Error)
      const last = said.trim().split('\n').at(-1) ?? ''
      fail(
        new CommandFailed(
          `The probe ended without an answer (${killedBy ?? `exit code ${code}`}; ${last}); see what gauntlet doctor says.`,
        ),
      )
    })
  }).finally(() => progress.end())
}

/** `96/1000 images · 12 images/s · 1 min 15 s left` */
function describe({ done, total }: Extract<ProbeAnswer, { type: 'progress' }>, seconds: number): string {
  const speed = done / Math.max(seconds, 1e-3)
  return `${done}/${total} images · ${speed.toFixed(speed < 10 ? 1 : 0)} images/s · ${duration((total - done) / speed)} left`
}
