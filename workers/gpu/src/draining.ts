import type { StageCode } from '@gauntlet/contract'
import type { CheckpointPace } from './checkpoint-pace.ts'

/** When a worker must have ended by itself, and what it ends for before that. */
export interface DrainLimits {
  /** Milliseconds since the epoch at which its machine is taken away; null where nobody takes it. */
  readonly deadline: number | null
  /** Milliseconds that writing a last checkpoint and stopping are given before the deadline. */
  readonly reserve: number
  /** Milliseconds without a stage after which it ends; null where it waits for ever. */
  readonly idle: number | null
}

/** How often it is looked whether the worker is idle, and what time it is, in milliseconds. */
const lookInterval = 500

/**
 * The end of a worker: it takes no more stages, and those that it has stop at their next safe point, where a training
 * writes a checkpoint. The reasons are a signal, the clock, idleness, and a device that cannot be used. A cluster may
 * give no signal, or none that arrives, so the clock decides by itself.
 */
export class Draining {
  /** Aborted when running stages must stop. */
  readonly signal: AbortSignal
  private readonly stopping = new AbortController()
  private readonly timer: NodeJS.Timeout
  /** Whether it ends because it cannot do its work, and another one could. */
  hasFailed = false
  /** Whether it takes no more stages. */
  closed = false
  private running = 0
  private lastBusy: number

  /** `close` makes the worker take no more stages; it is called once. */
  constructor(
    private readonly limits: DrainLimits,
    private readonly pace: Pick<CheckpointPace, 'needed'>,
    private readonly close: (reason: string) => void,
    private readonly now: () => number = Date.now,
  ) {
    this.signal = this.stopping.signal
    this.lastBusy = now()
    this.timer = setInterval(() => this.look(), lookInterval)
  }

  /** Stops at once: the machine goes away. */
  stop(reason: string): void {
    this.takeNoMore(reason)
    this.stopping.abort(new Error(reason))
  }

  /** Takes no more stages, of which each would fail; those that run go on. */
  fail(reason: string): void {
    this.hasFailed = true
    this.takeNoMore(reason)
  }

  /**
   * Whether a stage of this code can reach a checkpoint in the time that is left. Where it cannot, the worker takes no
   * more stages: another one has more time.
   */
  mayBegin(code: StageCode): boolean {
    if (this.signal.aborted || this.hasFailed) return false
    const left = this.stopAt() - this.now()
    const needed = this.pace.needed(code)
    if (needed <= left) return true
    this.takeNoMore(
      `${code} needs ${seconds(needed)} to a checkpoint, and ${seconds(Math.max(0, left))} are left before the deadline`,
    )
    return false
  }

  /** Counts a stage as running while `work` lasts. */
  async busy<Result>(work: () => Promise<Result>): Promise<Result> {
    this.running += 1
    try {
      return await work()
    } finally {
      this.running -= 1
      this.lastBusy = this.now()
    }
  }

  /** Ends the looking. */
  end(): void {
    clearInterval(this.timer)
  }

  private stopAt(): number {
    const { deadline, reserve } = this.limits
    return deadline === null ? Infinity : deadline - reserve
  }

  private look(): void {
    const { idle } = this.limits
    if (this.now() >= this.stopAt()) this.stop('the deadline is near')
    else if (idle !== null && this.running === 0 && this.now() - this.lastBusy >= idle)
      this.takeNoMore(`no stage came for ${seconds(idle)}`)
  }

  private takeNoMore(reason: string): void {
    if (this.closed) return
    this.closed = true
    this.close(reason)
  }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)} s`
}
