import { circuitBreakerThreshold, type CountedBugs, type StageFailureSummary } from '@gauntlet/contract'
import type { Digest, StageName } from '@gauntlet/study'

/**
 * Characters of a message that are kept: enough to tell causes apart, and few, because they are carried over
 * continue-as-new.
 */
const causeLength = 200

/** Why the configurations of a backbone are not tried. */
export interface OpenCircuit {
  readonly stage: StageName
  readonly cause: string
}

/** Characters of a configuration's id that are kept. */
const idLength = 12

/**
 * Keeps a study from spending its budget on one bug: counts the configurations that failed alike, by stage, backbone
 * and cause. One that is tried again and fails again counts once.
 */
export class CircuitBreaker {
  private bugs: Record<string, readonly string[]>

  /** `bugs`: the configurations by `stage backbone cause`, as an earlier run counted them. */
  constructor(bugs: CountedBugs) {
    this.bugs = Object.fromEntries(Object.entries(bugs).map(([circuit, counted]) => [circuit, idsOf(counted)]))
  }

  /** Closes every circuit: the code has changed, or somebody asks for another try. */
  close(): void {
    this.bugs = {}
  }

  counted(): CountedBugs {
    return { ...this.bugs }
  }

  /** Counts a configuration that ended, once for each circuit, however many of its cells failed alike. */
  count(configuration: Digest, backbone: string, failures: readonly StageFailureSummary[]): void {
    const bugs = failures.filter(({ failureClass }) => failureClass === 'Bug')
    const circuits = new Set(bugs.map(({ stage, message }) => `${stage} ${backbone} ${causeOf(message)}`))
    const id = configuration.slice(0, idLength)
    for (const circuit of circuits) {
      const counted = this.bugs[circuit] ?? []
      // More than open the circuit need not be told apart.
      if (counted.length < circuitBreakerThreshold && !counted.includes(id)) this.bugs[circuit] = [...counted, id]
    }
  }

  /** The open circuit that keeps a backbone from being tried; undefined where there is none. */
  openFor(backbone: string): OpenCircuit | undefined {
    for (const [circuit, configurations] of Object.entries(this.bugs)) {
      const [stage, of, ...cause] = circuit.split(' ')
      if (of === backbone && configurations.length >= circuitBreakerThreshold)
        return { stage: stage as StageName, cause: cause.join(' ') }
    }
    return undefined
  }
}

/** Runs of earlier versions carried how many there were, and not which. */
function idsOf(counted: CountedBugs[string]): readonly string[] {
  return typeof counted === 'number' ? Array.from({ length: counted }, (_, index) => `#${index}`) : counted
}

/**
 * The cause in a message. Digests and numbers are left out of it, because they differ where two configurations fail by
 * the same bug.
 */
function causeOf(message: string): string {
  return message.replace(/[0-9a-f]{8,}|\d+(\.\d+)?/g, '#').slice(0, causeLength)
}
