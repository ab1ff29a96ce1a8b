import type {
  AggregateInput,
  ConfigurationResult,
  ConfigurationWorkflowInput,
  EvaluatedPerturbation,
  Measurement,
} from '@gauntlet/contract'
import { configurationId, type ArtifactsByRole, type Perturbation } from '@gauntlet/study'
import { isCancellation } from '@temporalio/workflow'
import { stageFailureOf, type LostCell } from './stage-failure.ts'
import { asStage, ledger } from './stage-runner.ts'

interface Counted {
  readonly measurements: readonly Measurement[]
  readonly lost: readonly LostCell[]
}

/** Counts what was evaluated, and records the cells that were not. */
export async function aggregate(
  { studyId, configuration, perturbations }: ConfigurationWorkflowInput,
  dataset: ArtifactsByRole,
  settled: readonly PromiseSettledResult<EvaluatedPerturbation>[],
): Promise<ConfigurationResult> {
  const id = configurationId(configuration)
  const notEvaluated = lostCells(perturbations, settled)
  const evaluated = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const { measurements, lost } = await count({ configuration, dataset, evaluated })
  const missing = [...notEvaluated, ...lost]
  for (const cell of missing) await ledger.recordMissingCell({ studyId, configurationId: id, ...cell })
  const outcome = measurements.length > 0 ? 'measured' : 'failed'
  const failures = missing.map(({ stage, failureClass, message }) => ({ stage, failureClass, message }))
  return { configurationId: id, outcome, measurements, failures }
}

/**
 * Throws what concerns the whole configuration: a cancellation, and workers that changed, for which every key is made
 * anew.
 */
function lostCells(
  perturbations: readonly Perturbation[],
  settled: readonly PromiseSettledResult<EvaluatedPerturbation>[],
): LostCell[] {
  const reasons = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const ofAll = reasons.find(
    (reason) => isCancellation(reason) || stageFailureOf(reason).failureClass === 'WorkerChanged',
  )
  if (ofAll !== undefined) throw ofAll
  return settled.flatMap((result, index) =>
    result.status === 'rejected' ? [{ perturbation: perturbations[index]!, ...stageFailureOf(result.reason) }] : [],
  )
}

/** Outcomes that cannot be counted lose their own cell only: after a failure each is counted by itself. */
async function count(input: AggregateInput): Promise<Counted> {
  const { evaluated } = input
  if (evaluated.length === 0) return { measurements: [], lost: [] }
  try {
    return { measurements: await asStage({ stage: 'aggregate' }, () => ledger.aggregate(input)), lost: [] }
  } catch (error) {
    if (isCancellation(error)) throw error
    const failure = stageFailureOf(error)
    if (evaluated.length === 1) {
      const { perturbation, stageKey } = evaluated[0]!
      return { measurements: [], lost: [{ ...failure, perturbation, stageKey }] }
    }
    const counted = await Promise.all(evaluated.map((one) => count({ ...input, evaluated: [one] })))
    return { measurements: counted.flatMap((each) => each.measurements), lost: counted.flatMap((each) => each.lost) }
  }
}
