import type { RecordedNumber, RecordedStage } from '@gauntlet/contract'
import { traceMeasurement, type LedgerDatabase, type MeasurementTrace, type TracedExecution } from '@gauntlet/ledger'
import { stages as stageOrder, type Digest, type KeyedStage, type StageName } from '@gauntlet/study'
import { originsOf } from '../verify/study-record.ts'

/** The lineage of a number has a gap, so that it cannot be executed again. `gauntlet verify` says more. */
export class LineageIncomplete extends Error {
  override readonly name = 'LineageIncomplete'
}

/**
 * A number with the stages behind it in the order of the DAG, from `first` on: what earlier stages made is taken as it
 * was recorded. Throws `LineageIncomplete` and `MeasurementUnknown`.
 */
export async function recordedNumber(
  db: LedgerDatabase,
  measurementId: Digest,
  first: StageName = stageOrder[0],
): Promise<RecordedNumber & { readonly trace: MeasurementTrace }> {
  const trace = await traceMeasurement(db, measurementId)
  const { configuration, perturbation } = trace.measurement
  const isWanted = ({ identity }: RecordedStage) => stageOrder.indexOf(identity.stage) >= stageOrder.indexOf(first)
  return { measurementId, configuration, perturbation, stages: stagesBehind(trace).filter(isWanted), trace }
}

function stagesBehind({ measurement, executions }: MeasurementTrace): RecordedStage[] {
  const found = new Map<Digest, RecordedStage>()
  const visit = (execution: TracedExecution | undefined, what: string): void => {
    if (!execution)
      throw new LineageIncomplete(`The lineage of ${measurement.id} lacks ${what}; see npx gauntlet verify.`)
    if (found.has(execution.stageKey)) return
    for (const [role, digest] of Object.entries(execution.inputs)) {
      const origins = originsOf[role] ?? []
      if (origins.length === 0) continue
      const producer = executions.find(({ stage, generated }) =>
        origins.some((origin) => origin.stage === stage && generated[origin.role]?.digest === digest),
      )
      visit(producer, `what generated ${role} ${digest}`)
    }
    found.set(execution.stageKey, recordedStage(execution))
  }
  visit(
    executions.find(({ stageKey }) => stageKey === measurement.stageKey),
    `its evaluation ${measurement.stageKey}`,
  )
  return [...found.values()].sort((a, b) => stageOrder.indexOf(a.identity.stage) - stageOrder.indexOf(b.identity.stage))
}

function recordedStage({ stageKey, used, generated, ...recorded }: TracedExecution): RecordedStage {
  const { stage, codeDigest, environmentClass, parameters, seed, inputs } = recorded
  const identity = { stage: stage as KeyedStage, codeDigest, environmentClass, parameters, seed, inputs }
  return { stageKey, identity, used, generated }
}
