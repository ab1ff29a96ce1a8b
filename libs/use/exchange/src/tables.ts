import type { FactOf } from '@gauntlet/ledger'
import { canonicalJson, type Configuration, type Digest, type Perturbation } from '@gauntlet/study'
import { TableSpool, type Column } from './table-spool.ts'

/** A number with what it is a number of. */
export interface MeasurementRow {
  readonly measurement: FactOf<'measurement'>
  readonly configuration: Configuration
  readonly perturbation: Perturbation
  readonly codeDigest: Digest
  readonly environmentClass: Digest
}

const measurementColumns: readonly Column<MeasurementRow>[] = [
  { name: 'measurement_id', type: 'STRING', value: ({ measurement }) => measurement.id },
  { name: 'dataset', type: 'STRING', value: ({ configuration }) => configuration.dataset.id },
  { name: 'backbone', type: 'STRING', value: ({ configuration }) => configuration.backbone.id },
  { name: 'input_contract', type: 'STRING', value: ({ configuration }) => configuration.backbone.inputContract },
  { name: 'loss', type: 'STRING', value: ({ configuration }) => configuration.loss },
  { name: 'protocol', type: 'STRING', value: ({ configuration }) => configuration.protocol.id },
  { name: 'seed', type: 'INT64', value: ({ configuration }) => configuration.seed },
  { name: 'perturbation', type: 'STRING', value: ({ perturbation }) => perturbation.name },
  { name: 'epsilon', type: 'DOUBLE', value: ({ perturbation: p }) => ('epsilon' in p ? p.epsilon : null) },
  { name: 'evaluator', type: 'STRING', value: ({ measurement }) => measurement.evaluator },
  { name: 'correct', type: 'INT32', value: ({ measurement }) => measurement.correct },
  { name: 'total', type: 'INT32', value: ({ measurement }) => measurement.total },
  { name: 'accuracy', type: 'DOUBLE', value: ({ measurement: { correct, total } }) => correct / total },
  { name: 'flags', type: 'STRING', value: ({ measurement }) => canonicalJson(measurement.flags) },
  { name: 'configuration_id', type: 'STRING', value: ({ measurement }) => measurement.configurationId },
  { name: 'stage_key', type: 'STRING', value: ({ measurement }) => measurement.stageKey },
  { name: 'outcomes_sha256', type: 'STRING', value: ({ measurement }) => measurement.outcomesDigest },
  { name: 'code_sha256', type: 'STRING', value: ({ codeDigest }) => codeDigest },
  { name: 'environment_class', type: 'STRING', value: ({ environmentClass }) => environmentClass },
  { name: 'recorded_at', type: 'TIMESTAMP', value: ({ measurement }) => measurement.recordedAt },
]

interface StageRow {
  readonly execution: FactOf<'execution'>
  readonly fulfilledAt: string | null
}

const stageColumns: readonly Column<StageRow>[] = [
  { name: 'stage_key', type: 'STRING', value: ({ execution }) => execution.stageKey },
  { name: 'stage', type: 'STRING', value: ({ execution }) => execution.stage },
  { name: 'configuration_id', type: 'STRING', value: ({ execution }) => execution.configurationId },
  { name: 'seed', type: 'INT64', value: ({ execution }) => execution.seed },
  { name: 'code_sha256', type: 'STRING', value: ({ execution }) => execution.codeDigest },
  { name: 'environment_class', type: 'STRING', value: ({ execution }) => execution.environmentClass },
  { name: 'parameters', type: 'STRING', value: ({ execution }) => canonicalJson(execution.parameters) },
  { name: 'inputs', type: 'STRING', value: ({ execution }) => canonicalJson(execution.inputs) },
  { name: 'fulfilled_at', type: 'TIMESTAMP', value: ({ fulfilledAt }) => fulfilledAt },
]

interface LineageRow {
  readonly stageKey: Digest
  readonly direction: 'used' | 'generated'
  readonly role: string
  readonly digest: Digest
  readonly size: number
  readonly mediaType: string
}

const lineageColumns: readonly Column<LineageRow>[] = [
  { name: 'stage_key', type: 'STRING', value: ({ stageKey }) => stageKey },
  { name: 'direction', type: 'STRING', value: ({ direction }) => direction },
  { name: 'role', type: 'STRING', value: ({ role }) => role },
  { name: 'sha256', type: 'STRING', value: ({ digest }) => digest },
  { name: 'size', type: 'INT64', value: ({ size }) => size },
  { name: 'media_type', type: 'STRING', value: ({ mediaType }) => mediaType },
]

const attemptColumns: readonly Column<FactOf<'attempt'>>[] = [
  { name: 'stage_key', type: 'STRING', value: ({ stageKey }) => stageKey },
  { name: 'attempt_id', type: 'STRING', value: ({ id }) => id },
  { name: 'number', type: 'INT32', value: ({ number }) => number },
  { name: 'worker', type: 'STRING', value: ({ worker }) => worker },
  { name: 'device', type: 'STRING', value: ({ device }) => device },
  { name: 'started_at', type: 'TIMESTAMP', value: ({ startedAt }) => startedAt },
  { name: 'ended_at', type: 'TIMESTAMP', value: ({ endedAt }) => endedAt },
  { name: 'outcome', type: 'STRING', value: ({ outcome }) => outcome },
  { name: 'failure_class', type: 'STRING', value: ({ failureClass }) => failureClass },
  { name: 'message', type: 'STRING', value: ({ message }) => message },
]

/** The tables of an export. */
export function openTables(folder: string) {
  return {
    measurements: new TableSpool(folder, 'measurements', measurementColumns),
    stages: new TableSpool(folder, 'stages', stageColumns),
    lineage: new TableSpool(folder, 'lineage', lineageColumns),
    attempts: new TableSpool(folder, 'attempts', attemptColumns),
  }
}
