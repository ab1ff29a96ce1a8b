import { circuitBreakerThreshold, type StageFailureSummary } from '@gauntlet/contract'
import type { StageName } from '@gauntlet/study'

/** Enough of a message to tell causes apart; what is carried over continue-as-new has to stay small. */
const causeLength = 200

interface OpenCircuit {
  readonly stage: StageName
  readonly cause: string
}

/**
 * Stops a study from burning its budget on one bug: counts configurations that failed alike, by stage, backbone and
 * cause.
 */
export class CircuitBreaker {
  private readonly bugs: Record<string, number>

  /** `bugs`: configurations by `stage backbone cause`, as an earlier run counted them. */
  constructor(bugs: Readonly<Record<string, number>>) {
    this.bugs = { ...bugs }
  }

  counted(): Readonly<Record<string, number>> {
    return { ...this.bugs }
  }

  /** Counts a configuration that ended, once for each circuit, however many of its cells failed alike. */
  count(backbone: string, failures: readonly StageFailureSummary[]): void {
    const bugs = failures.filter(({ failureClass }) => failureClass === 'Bug')
    const circuits = new Set(bugs.map(({ stage, message }) => `${stage} ${backbone} ${causeOf(message)}`))
    for (const circuit of circuits) this.bugs[circuit] = (this.bugs[circuit] ?? 0) + 1
  }

  /** The circuit that keeps a backbone from being tried, if one does. */
  openFor(backbone: string): OpenCircuit | undefined {
    for (const [circuit, configurations] of Object.entries(this.bugs)) {
      const [stage, of, ...cause] = circuit.split(' ')
      if (of === backbone && configurations >= circuitBreakerThreshold)
        return { stage: stage as StageName, cause: cause.join(' ') }
    }
    return undefined
  }
}

/** The same bug in two configurations names other digests and counts. */
function causeOf(message: string): string {
  return message.replace(/[0-9a-f]{8,}|\d+(\.\d+)?/g, '#').slice(0, causeLength)
}
