import { retryPolicy, type FailureClass } from '@gauntlet/contract'

/** The longest pause between two attempts, in milliseconds. */
const longestPause = 60_000

/**
 * The retries that one stage has left. Each failure class has a budget of its own, so preemptions never use up that of
 * bugs.
 */
export class RetryBudget {
  private readonly failures = new Map<FailureClass, number>()
  private batch: number | undefined

  /**
   * `microBatch`: the configuration's own; absent for stages that have none, which end at their first `OutOfMemory`.
   */
  constructor(private readonly microBatch?: number) {
    this.batch = microBatch
  }

  /** The micro-batch of the next attempt, where it must be smaller than the configuration's own. */
  get reduced(): { readonly microBatch?: number } {
    return this.batch === undefined || this.batch === this.microBatch ? {} : { microBatch: this.batch }
  }

  /**
   * Counts one failure and gives the milliseconds to wait before the next attempt, or null when this one was the last.
   * `used` is the micro-batch of the failed attempt, where its device had no room for the one that was requested.
   */
  pauseAfter(failureClass: FailureClass, used = this.batch): number | null {
    this.batch = used
    const { retries, pause } = retryPolicy[failureClass]
    const failures = (this.failures.get(failureClass) ?? 0) + 1
    this.failures.set(failureClass, failures)
    if (failures > retries) return null
    if (failureClass === 'OutOfMemory' && !this.halve()) return null
    return Math.min(pause * 2 ** (failures - 1), longestPause)
  }

  private halve(): boolean {
    if (this.batch === undefined || this.batch <= 1) return false
    this.batch = Math.floor(this.batch / 2)
    return true
  }
}
