/**
 * Holds `fineTuneModel` before each optimiser step. Where a step is one micro-batch, it asks for images once a step, so
 * that the time from one such request to the next is that of a whole step, with the optimiser's part and bookkeeping.
 */
export class StepGate {
  private arrival = withResolvers<void>()
  private go = withResolvers<void>()

  /** Called by the training when a step is over. It waits until the next step is asked for. */
  async pass(): Promise<void> {
    this.arrival.resolve()
    await this.go.promise
    this.go = withResolvers()
  }

  /** Lets the training do one step. */
  async step(): Promise<void> {
    await this.arrival.promise
    this.arrival = withResolvers()
    this.go.resolve()
    await this.arrival.promise
  }

  fail(error: unknown): void {
    this.arrival.reject(error)
  }
}

/** `Promise.withResolvers` of ES2024, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}
