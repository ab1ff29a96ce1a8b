import {
  circuitBreakerThreshold,
  failureClassOf,
  type ConfigurationResult,
  type ConfigurationWorkflowInput,
  type FailureClass,
} from '@gauntlet/contract'
import { configurationId, type Configuration, type Digest } from '@gauntlet/study'
import { ApplicationFailure, isCancellation, type ChildWorkflowFailure } from '@temporalio/workflow'
import type { OpenCircuit } from './circuit-breaker.ts'
import { ledger } from './ledger.ts'

/* What a study records of cells that no configuration could record as missing itself. */

/** Records that a configuration was ended from outside, and gives that as its result. */
export async function recordEndFromOutside(
  { studyId, configuration }: ConfigurationWorkflowInput,
  error: ChildWorkflowFailure,
): Promise<ConfigurationResult> {
  const id = configurationId(configuration)
  const byHand = wasEndedByHand(error)
  const failureClass = byHand ? 'Cancelled' : classOf(error)
  const message = byHand ? 'It was ended by hand.' : (error.cause?.message ?? error.message)
  const failure = { stage: 'aggregate', failureClass, message } as const
  await ledger.recordMissingCell({ studyId, configurationId: id, ...failure })
  const result = { studyId, configurationId: id, measurements: [], failures: [failure] }
  return { ...result, outcome: 'failed', workersChanged: false, deviceSeconds: 0 }
}

/** Records that a configuration is not tried, since bugs have opened the circuit of its backbone, and gives why. */
export async function recordSkip(studyId: Digest, configuration: Configuration, open: OpenCircuit) {
  const failure = {
    stage: open.stage,
    failureClass: 'CircuitOpen',
    message: `Not tried: ${circuitBreakerThreshold} configurations failed alike (${open.stage}: ${open.cause}); mend that and run the study again.`,
  } as const
  await ledger.recordMissingCell({ studyId, configurationId: configurationId(configuration), ...failure })
  return { outcome: 'skipped', failures: [failure] } as const
}

/** Whether a child was ended by hand, and not by its own failure. */
function wasEndedByHand({ cause }: ChildWorkflowFailure): boolean {
  return isCancellation(cause) || cause?.name === 'TerminatedFailure'
}

/** The class of a failure that ended a configuration as a whole, such as that of a ledger that refuses its rows. */
function classOf({ cause }: ChildWorkflowFailure): FailureClass {
  return failureClassOf(cause instanceof ApplicationFailure ? cause.type : undefined)
}
