import { retryPolicy, type FailureClass } from '@gauntlet/contract'

/** The longest pause between two tries, in milliseconds. */
const longestPause = 60_000

/**
 * What one stage may still spend on failures. Each class has a budget of its own, so preemptions never use up a bug's.
 */
export class RetryBudget {
  private readonly failures = new Map<FailureClass, number>()
  private batch: number | undefined

  /** `microBatch`: the configuration's own; absent for stages that have none, which a full device therefore ends. */
  constructor(private readonly microBatch?: number) {
    this.batch = microBatch
  }

  /** What the next try is told where it must not use the configuration's own micro-batch. */
  get reduced(): { readonly microBatch?: number } {
    return this.batch === undefined || this.batch === this.microBatch ? {} : { microBatch: this.batch }
  }

  /**
   * Counts one failure: the milliseconds to wait before the next try, or null when this one was the last. `used`: the
   * micro-batch of the attempt, where its device had no room for what it was told.
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
