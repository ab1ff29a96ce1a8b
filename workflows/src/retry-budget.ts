import { retryPolicy, type FailureClass } from '@gauntlet/contract'

/** The longest pause between two attempts, in milliseconds. */
const longestPause = 60_000

/**
 * The retries that one stage has left. Each failure class has a budget of its own, so preemptions never use up that of
 * bugs.
 */
export class RetryBudget {
  private readonly failures = new Map<FailureClass, number>()

  /**
   * Counts one failure and gives the milliseconds to wait before the next attempt, or null when this one was the last.
   */
  pauseAfter(failureClass: FailureClass): number | null {
    const { retries, pause } = retryPolicy[failureClass]
    const failures = (this.failures.get(failureClass) ?? 0) + 1
    this.failures.set(failureClass, failures)
    return failures > retries ? null : Math.min(pause * 2 ** (failures - 1), longestPause)
  }
}
