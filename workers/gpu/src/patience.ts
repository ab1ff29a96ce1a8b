/** Silence is explained while it is at most so many times the longest that the process has kept before. */
const timesLongest = 20

/** How often the limit doubles at most: a process that is merely slow gets through at a later attempt. */
const mostDoublings = 6

/** How long to wait for a sign of a process that works, by its own pace. */
export class Patience {
  private silence = 0
  private longest = 0

  /**
   * @param shortest the limit in milliseconds while no pace is known, and at least.
   * @param attempt from 1; each further attempt at a stage is given twice the time of the one before.
   */
  constructor(
    private readonly shortest: number,
    private readonly attempt: number,
  ) {}

  heard(): void {
    this.longest = Math.max(this.longest, this.silence)
    this.silence = 0
  }

  /** Counts milliseconds in which nothing was heard; true once they are more than the limit. */
  waited(milliseconds: number): boolean {
    this.silence += milliseconds
    return this.silence > this.limit
  }

  /** Milliseconds. */
  get limit(): number {
    return Math.max(this.shortest, timesLongest * this.longest) * 2 ** Math.min(this.attempt - 1, mostDoublings)
  }
}
