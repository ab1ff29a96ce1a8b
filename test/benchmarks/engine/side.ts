import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Normalisation } from '@gauntlet/nn'

/**
 * What a side can be asked to do once and be timed at. The order is that of a run: a training step's peak of memory is
 * that of a fresh process.
 */
export const works = ['training step', 'APGD iteration', 'forward'] as const
export type Work = (typeof works)[number]

/**
 * How long a turn lasts at least: long enough that the first run of it counts little, where runs are short. Also in
 * pytorch_side.py.
 */
export const turnMilliseconds = 400

/** Where all sides find the same work to do. */
export interface Assignment {
  /** The backbone, by its id. */
  readonly backbone: string
  readonly classes: number
  readonly normalisation: Normalisation
  /** Safetensors with the checkpoint's names: the model all start from. */
  readonly parameters: string
  /** Safetensors with `images` [batch, side, side, 3] in [0, 1] and `labels` [batch]. */
  readonly batch: string
  /** Side of the images, in pixels. */
  readonly side: number
  readonly attackEpsilon: number
  readonly attackIterations: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly threads: number
  /**
   * Whether evaluation may work with batch norms folded into the convolutions before them, or what else a side does to
   * a frozen model.
   */
  readonly frozen: boolean
}

export type SideQuestion =
  | { readonly ask: 'prepare' | 'turn' | 'profile'; readonly work: Work }
  | { readonly ask: 'memory'; readonly work?: undefined }

/** A work made ready and done once. */
export interface Prepared {
  /** Until it had been done for the first time, with all capturing and compiling that it needed. */
  readonly seconds: number
  /** Numbers by which two sides can be seen to have done the same. */
  readonly checks: Readonly<Record<string, number>>
  /** How far each check moves with the last bit of the weights. */
  readonly spread?: Readonly<Record<string, number>>
  /** Whether the work draws random numbers, so that the checks agree roughly only. */
  readonly random?: boolean
  /** Seconds by program: capturing, loading (with the check against an eager run where it is not known), compiling. */
  readonly programs?: readonly ProgramSeconds[]
  /** The seconds of a former run with an empty cache, where this one took compiled code or checks from it. */
  readonly coldSeconds?: number
  /** What to know about how the work is done. */
  readonly remark?: string
}

export interface ProgramSeconds {
  readonly program: string
  readonly seconds: number
}

/** Resident memory in bytes. */
export interface Memory {
  /** With libraries, model and images loaded, before the first work. */
  readonly loaded: number
  /** The most since the process started. */
  readonly whole: number
  /** The same of a process that found no program checked. */
  readonly firstStart?: number
  /** The most since the last work was prepared; null where the kernel does not let a process forget its peak. */
  readonly steps: number | null
}

/** Where the time of one work goes. */
export interface Profile {
  /** The work in milliseconds: as it is timed, and (where another) as it was observed. */
  readonly milliseconds: number
  readonly observedMilliseconds: number
  readonly operators: readonly { readonly operator: string; readonly milliseconds: number; readonly calls: number }[]
  readonly remark: string
}

/** What each question is answered with. */
interface Answers {
  readonly prepare: Prepared
  readonly turn: { readonly milliseconds: number }
  readonly memory: Memory
  readonly profile: Profile
}

/** A side could not do what it was asked; `message` says why in its own words. */
export class SideFailed extends Error {
  override readonly name = 'SideFailed'
}

/**
 * One of those compared: a process that works when asked and otherwise waits, so that sides can take turns. Starts when
 * first asked, and anew after it died.
 */
export class Side {
  private running: { process: ChildProcess; lines: AsyncIterator<string>; words: string } | undefined

  constructor(
    readonly name: string,
    private readonly command: readonly string[],
    private readonly variables: Readonly<Record<string, string>>,
    /** How long one answer may take. */
    private readonly patienceSeconds: number,
    /** A file for what it says on stderr. */
    private readonly log?: string,
  ) {}

  /** One answer, or `SideFailed`. */
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
    child.stdin!.on('error', () => {}) // of a process that died: its output ends, which `nextAnswer` tells
    child.on('error', (error) => (running.words += error.message))
    return running
  }

  /** The next line that is an answer; libraries may print others. */
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

/** The last line that names an error, or the last of all. */
function lastWords(text: string): string {
  const lines = text.trim().split('\n')
  return (
    lines.findLast((line) => /^\s*(\w*Error|.*ERROR|Killed|terminate|.*abort)/.test(line))?.trim() ?? lines.at(-1) ?? ''
  )
}
