import type {
  AggregateInput,
  ConfigurationResult,
  ConfigurationWorkflowInput,
  EvaluatedPerturbation,
  FailureClass,
  Measurement,
} from '@gauntlet/contract'
import { configurationId, type ArtifactsByRole, type Perturbation } from '@gauntlet/study'
import { isCancellation } from '@temporalio/workflow'
import { ledger } from './ledger.ts'
import { stageFailureOf, type FailedCell } from './stage-failure.ts'
import { asStage } from './stage-runner.ts'

interface Counted {
  readonly measurements: readonly Measurement[]
  readonly failed: readonly FailedCell[]
}

/** Counts the outcomes of each evaluation, and records the cells that have no number. */
export async function aggregate(
  { studyId, configuration, perturbations }: ConfigurationWorkflowInput,
  dataset: ArtifactsByRole,
  settled: readonly PromiseSettledResult<EvaluatedPerturbation>[],
): Promise<Pick<ConfigurationResult, 'measurements' | 'failures'>> {
  const id = configurationId(configuration)
  const notEvaluated = cellsNotEvaluated(perturbations, settled)
  const evaluated = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const { measurements, failed } = await count({ configuration, dataset, evaluated })
  const missing = [...notEvaluated, ...failed]
  for (const cell of missing) await ledger.recordMissingCell({ studyId, configurationId: id, ...cell })
  return {
    measurements,
    failures: missing.map(({ stage, failureClass, message }) => ({ stage, failureClass, message })),
  }
}

/**
 * The cells whose evaluation failed. Throws the failures that concern the whole configuration: a cancellation, workers
 * that changed, and lost artifacts, after which the configuration runs again.
 */
function cellsNotEvaluated(
  perturbations: readonly Perturbation[],
  settled: readonly PromiseSettledResult<EvaluatedPerturbation>[],
): FailedCell[] {
  const reasons = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const ofAll = reasons.find((reason) => isCancellation(reason) || concernsAll(stageFailureOf(reason).failureClass))
  if (ofAll !== undefined) throw ofAll
  return settled.flatMap((result, index) =>
    result.status === 'rejected' ? [{ perturbation: perturbations[index]!, ...stageFailureOf(result.reason) }] : [],
  )
}

/**
 * Counts outcomes. Where that fails, each evaluation is counted by itself, so that only the cells of the unusable ones
 * fail.
 */
async function count(input: AggregateInput): Promise<Counted> {
  const { evaluated } = input
  if (evaluated.length === 0) return { measurements: [], failed: [] }
  try {
    return { measurements: await asStage({ stage: 'aggregate' }, () => ledger.aggregate(input)), failed: [] }
  } catch (error) {
    if (isCancellation(error)) throw error
    const failure = stageFailureOf(error)
    if (concernsAll(failure.failureClass)) throw error
    if (evaluated.length === 1) {
      const { perturbation, stageKey } = evaluated[0]!
      return { measurements: [], failed: [{ ...failure, perturbation, stageKey }] }
    }
    const counted = await Promise.all(evaluated.map((one) => count({ ...input, evaluated: [one] })))
    return {
      measurements: counted.flatMap((each) => each.measurements),
      failed: counted.flatMap((each) => each.failed),
    }
  }
}

/** Whether a failure of one stage makes the whole configuration run again. */
function concernsAll(failureClass: FailureClass): boolean {
  return failureClass === 'WorkerChanged' || failureClass === 'ArtifactLost'
}
