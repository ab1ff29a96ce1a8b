import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Normalisation } from '@gauntlet/nn'

/**
 * The works that a side can do and be timed at. They are in the order of a run: the training step is first, so that its
 * peak of memory is that of a fresh process.
 */
export const works = ['training step', 'APGD iteration', 'forward'] as const
export type Work = (typeof works)[number]

/**
 * The least time of a turn in milliseconds. It is so long that the first of several short runs has little weight.
 * pytorch_side.py has the same number.
 */
export const turnMilliseconds = 400

/** The work that all sides do, and where its data are. */
export interface Assignment {
  /** The id of the backbone. */
  readonly backbone: string
  readonly classes: number
  readonly normalisation: Normalisation
  /** A safetensors file with the model that all sides start from, under the checkpoint's names. */
  readonly parameters: string
  /** A safetensors file with `images` [batch, side, side, 3] in [0, 1] and `labels` [batch]. */
  readonly batch: string
  /** The side of the images in pixels. */
  readonly side: number
  readonly attackEpsilon: number
  readonly attackIterations: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly threads: number
  /**
   * Whether evaluation may change a frozen model, by folding batch norms into the convolutions before them or
   * otherwise.
   */
  readonly frozen: boolean
}

export type SideQuestion =
  | { readonly ask: 'prepare' | 'turn' | 'profile'; readonly work: Work }
  | { readonly ask: 'memory'; readonly work?: undefined }

/** The result of preparing a work and doing it once. */
export interface Prepared {
  /** The seconds until it was done for the first time, with all capturing and compiling. */
  readonly seconds: number
  /** Numbers that are equal, up to rounding, where two sides do the same work. */
  readonly checks: Readonly<Record<string, number>>
  /** How much each check changes with the last bit of the weights. */
  readonly spread?: Readonly<Record<string, number>>
  /** Whether the work draws random numbers, so that the checks agree only roughly. */
  readonly random?: boolean
  /**
   * The seconds for each program: to capture it, to load it (with the check against an eager run where it is not
   * known), and to compile it.
   */
  readonly programs?: readonly ProgramSeconds[]
  /** The seconds of an earlier run with an empty cache, where this run read compiled code or checks from the cache. */
  readonly coldSeconds?: number
  /** A remark on how the work is done. */
  readonly remark?: string
}

export interface ProgramSeconds {
  readonly program: string
  readonly seconds: number
}

/** Peaks of resident memory in bytes. */
export interface Memory {
  /** With libraries, model and images loaded, before the first work. */
  readonly loaded: number
  /** The peak since the process started. */
  readonly whole: number
  /** The same peak in a process that found no program checked. */
  readonly firstStart?: number
  /** The peak since the last work was prepared; null where the kernel does not allow a process to reset its peak. */
  readonly steps: number | null
}

/** Where the time of one work goes. */
export interface Profile {
  /** The milliseconds of the work as it is timed, and as it was observed, where that differs. */
  readonly milliseconds: number
  readonly observedMilliseconds: number
  readonly operators: readonly { readonly operator: string; readonly milliseconds: number; readonly calls: number }[]
  readonly remark: string
}

/** The answer to each kind of question. */
interface Answers {
  readonly prepare: Prepared
  readonly turn: { readonly milliseconds: number }
  readonly memory: Memory
  readonly profile: Profile
}

/** A side could not do what it was asked. `message` is its own reason. */
export class SideFailed extends Error {
  override readonly name = 'SideFailed'
}

/**
 * One of the programs that are compared: a process that works when asked and waits otherwise, so that sides can take
 * turns. It starts when it is first asked, and again after it ended.
 */
export class Side {
  private running: { process: ChildProcess; lines: AsyncIterator<string>; words: string } | undefined

  constructor(
    readonly name: string,
    private readonly command: readonly string[],
    private readonly variables: Readonly<Record<string, string>>,
    /** How long one answer may take. */
    private readonly patienceSeconds: number,
    /** A file for its stderr. */
    private readonly log?: string,
  ) {}

  /** Asks a question. Gives the answer, or throws `SideFailed`. */
  async ask<Ask extends keyof Answers>(ask: Ask, work?: Work): Promise<Answers[Ask]> {
    const running = (this.running ??= this.start())
    running.process.stdin!.write(`${JSON.stringify({ ask, work })}\n`)
    const late = { isLate: false }
    const timer = setTimeout(() => {
      late.isLate = true
      running.process.kill('SIGKILL')
    }, this.patienceSeconds * 1000)
    try {
      const answer = JSON.parse(await this.nextAnswer(running)) as Answers[Ask] & { error?: string }
      if (answer.error) throw new SideFailed(answer.error)
      return answer
    } catch (error) {
      if (late.isLate) throw new SideFailed(`It had not answered after ${this.patienceSeconds} s.`)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async stop(): Promise<void> {
    const { process } = this.running ?? {}
    this.running = undefined
    if (!process || process.exitCode !== null || process.signalCode !== null) return
    process.stdin!.end()
    const timer = setTimeout(() => process.kill('SIGKILL'), 10_000)
    await once(process, 'exit')
    clearTimeout(timer)
  }

  /** Ends the process at once. */
  kill(): void {
    this.running?.process.kill('SIGKILL')
  }

  private start(): NonNullable<Side['running']> {
    const log = this.log === undefined ? 'pipe' : openSync(this.log, 'a')
    const env = { ...process.env, ...this.variables }
    const child = spawn(this.command[0]!, this.command.slice(1), { env, stdio: ['pipe', 'pipe', log] })
    if (typeof log === 'number') closeSync(log)
    const running = {
      process: child,
      lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](),
      words: '',
    }
    child.stderr?.on('data', (chunk: Buffer) => (running.words = (running.words + chunk.toString()).slice(-4000)))
    child.stdin!.on('error', () => {}) // if the process ended, its output ends too, which `nextAnswer` reports
    child.on('error', (error) => (running.words += error.message))
    return running
  }

  /** The next line that is an answer. Libraries may print other lines. */
  private async nextAnswer(running: NonNullable<Side['running']>): Promise<string> {
    for (;;) {
      const { value, done } = await running.lines.next()
      if (done) {
        this.running = undefined
        throw new SideFailed(`It stopped: ${lastWords(running.words)}`)
      }
      if (value.startsWith('{')) return value
    }
  }
}

/** The last line that names an error, or else the last line. */
function lastWords(text: string): string {
  const lines = text.trim().split('\n')
  return (
    lines.findLast((line) => /^\s*(\w*Error|.*ERROR|Killed|terminate|.*abort)/.test(line))?.trim() ?? lines.at(-1) ?? ''
  )
}
