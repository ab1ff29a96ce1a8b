import { nativeBackend } from '@gauntlet/engine'

/** Time by operator of what runs eagerly. The backend's two execute methods return when the device is done. */
export class OperatorTimes {
  /** All that was observed, what happened between operators included. */
  milliseconds = 0
  private readonly times = new Map<string, { milliseconds: number; calls: number }>()

  /** Observes `work`. */
  during<Result>(work: () => Result): Result {
    const backend = nativeBackend()
    const { executeSingleOutput, executeMultipleOutputs } = backend
    const observed = <Method extends (name: string, ...rest: never[]) => unknown>(method: Method) =>
      ((name: string, ...rest: never[]) => {
        const begun = performance.now()
        const result = method.call(backend, name, ...rest)
        this.add(name, performance.now() - begun)
        return result
      }) as unknown as Method
    Object.assign(backend, {
      executeSingleOutput: observed(executeSingleOutput),
      executeMultipleOutputs: observed(executeMultipleOutputs),
    })
    const begun = performance.now()
    try {
      return work()
    } finally {
      this.milliseconds += performance.now() - begun
      Object.assign(backend, { executeSingleOutput, executeMultipleOutputs })
    }
  }

  /** The operators that took most first. */
  sorted(): { operator: string; milliseconds: number; calls: number }[] {
    return [...this.times]
      .map(([operator, times]) => ({ operator, ...times }))
      .sort((one, other) => other.milliseconds - one.milliseconds)
  }

  private add(name: string, milliseconds: number): void {
    const before = this.times.get(name) ?? { milliseconds: 0, calls: 0 }
    this.times.set(name, { milliseconds: before.milliseconds + milliseconds, calls: before.calls + 1 })
  }
}
