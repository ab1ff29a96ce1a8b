import type { StageCode } from '@gauntlet/contract'

/** What is kept in reserve beyond the longest time seen: another stage of the same code may be slower. */
const allowance = 1.5

/**
 * How long stages take from their beginning, or from a checkpoint, to the next checkpoint or their end: the time in
 * which the work of a stage is lost if it is interrupted.
 */
export class CheckpointPace {
  private readonly longest = new Map<StageCode, number>()

  /** `unknown`: milliseconds that a stage is taken to need of whose code nothing is known. */
  constructor(private readonly unknown: number) {}

  /** Milliseconds that a stage of this code needs to reach a checkpoint. */
  needed(code: StageCode): number {
    const longest = this.longest.get(code)
    return longest === undefined ? this.unknown : Math.max(this.unknown, allowance * longest)
  }

  /** Follows one attempt from its beginning. Call `safe` whenever it has written a checkpoint, and at its end. */
  follow(code: StageCode, now: () => number = () => performance.now()): { safe(): void } {
    let since = now()
    return {
      safe: () => {
        this.longest.set(code, Math.max(this.longest.get(code) ?? 0, now() - since))
        since = now()
      },
    }
  }
}
