/**
 * Reports what is being done and how long the rest takes: on a terminal in one line that is overwritten, elsewhere in a
 * new line for each backbone and work.
 */
export class Progress {
  private readonly begun = performance.now()
  private done = 0
  private said = ''

  /**
   * `steps`: the number of works of all backbones. Each is expected to take as long as those before it did on average.
   */
  constructor(
    private readonly steps: number,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /** Reports what is being done now. Elsewhere than on a terminal, `heading` alone is written, once. */
  say(heading: string, details: string): void {
    const line = `${heading}: ${details}; ${this.times()}`
    if (this.stream.isTTY) this.stream.write(`\r\u001b[K${line.slice(0, (this.stream.columns || 100) - 1)}`)
    else if (heading !== this.said) this.stream.write(`${heading}; ${this.times()}\n`)
    this.said = heading
  }

  /** Call this when one work of one backbone is done. */
  step(): void {
    this.done++
  }

  end(): void {
    if (this.stream.isTTY) this.stream.write('\r\u001b[K')
  }

  private times(): string {
    const gone = (performance.now() - this.begun) / 60_000
    if (this.done === 0) return `${gone.toFixed(0)} min gone`
    return `${gone.toFixed(0)} min gone, about ${((gone / this.done) * (this.steps - this.done)).toFixed(0)} min left`
  }
}
