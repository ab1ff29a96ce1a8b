import { circuitBreakerThreshold, type StageFailureSummary } from '@gauntlet/contract'
import type { StageName } from '@gauntlet/study'

/**
 * Characters of a message that are kept: enough to tell causes apart, and few, because they are carried over
 * continue-as-new.
 */
const causeLength = 200

interface OpenCircuit {
  readonly stage: StageName
  readonly cause: string
}

/**
 * Keeps a study from spending its budget on one bug: counts the configurations that failed alike, by stage, backbone
 * and cause.
 */
export class CircuitBreaker {
  private bugs: Record<string, number>

  /** `bugs`: configurations by `stage backbone cause`, as an earlier run counted them. */
  constructor(bugs: Readonly<Record<string, number>>) {
    this.bugs = { ...bugs }
  }

  /** Closes every circuit: the code has changed, or somebody asks for another try. */
  close(): void {
    this.bugs = {}
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

  /** The open circuit that keeps a backbone from being tried; undefined where there is none. */
  openFor(backbone: string): OpenCircuit | undefined {
    for (const [circuit, configurations] of Object.entries(this.bugs)) {
      const [stage, of, ...cause] = circuit.split(' ')
      if (of === backbone && configurations >= circuitBreakerThreshold)
        return { stage: stage as StageName, cause: cause.join(' ') }
    }
    return undefined
  }
}

/**
 * The cause in a message. Digests and numbers are left out of it, because they differ where two configurations fail by
 * the same bug.
 */
function causeOf(message: string): string {
  return message.replace(/[0-9a-f]{8,}|\d+(\.\d+)?/g, '#').slice(0, causeLength)
}
