import { grouped } from '@gauntlet/analysis'
import {
  backboneLabel,
  evaluatorLabel,
  type Cell,
  type Configuration,
  type Digest,
  type Perturbation,
} from '@gauntlet/study'
import {
  stageCodesOf,
  type OutOfMemoryFacts,
  type PlannedStage,
  type StageCode,
  type WorkerDescription,
} from '@gauntlet/contract'
import {
  knownStages,
  outOfMemoryFacts,
  studyEvidence,
  type LedgerDatabase,
  type RecordedFailure,
  type RecordedMeasurement,
  type RowRange,
  type StudyEvidence,
  type StudyGrid,
} from '@gauntlet/ledger'
import type { PlannedChain } from './differences.ts'
import { planPlaced } from '../plan/placed-plan.ts'

/** One cell of a study's table: a configuration under a perturbation. */
export interface ResultCell extends Cell {
  /** Its place in the whole grid, counted from 1. It does not depend on which cells have a number. */
  readonly row: number
  readonly configurationId: Digest
  /** How pixels reach the backbone: as the published pipeline feeds it, or as its checkpoint was trained. */
  readonly inputContract: string
  /** The perturbation's name. */
  readonly perturbation: string
  readonly epsilon: number | null
  /** The evaluator's label. */
  readonly evaluator: string
  /** How the dataset asks correct predictions to be counted, where that is not correct out of total. */
  readonly metric?: 'mean-per-class'
}

type Measured = Omit<RecordedMeasurement, 'configurationId' | 'perturbationKey' | 'confirmedAt'>

/** A cell with its number and the lineage of that number. */
export interface MeasuredCell extends ResultCell, Measured {
  /** correct / total. */
  readonly accuracy: number
  /** The mean of the classes' accuracies, where the dataset asks for it and the outcomes were read. */
  readonly meanPerClass?: number
}

/** A number of a cell under a key that a plan made now does not have, and the stages that the plan has instead. */
export interface OlderCell extends MeasuredCell {
  readonly planned: PlannedChain
}

/** A failure of one of the stages behind a cell. */
export type CellFailure = Pick<RecordedFailure, 'stage' | 'failureClass' | 'message' | 'recordedAt'>

/**
 * A cell without a number by the present code and environment. `stage`, `failureClass` and `failedAt` are null where no
 * stage of it has failed.
 */
export interface MissingCell extends ResultCell {
  readonly stage: CellFailure['stage'] | null
  readonly failureClass: string | null
  readonly failedAt: Date | null
  readonly reason: string
}

/** The table of a study by the keys of a plan made now, and the other numbers and failures in the ledger. */
export interface StudyResults {
  readonly study: StudyEvidence['study']
  /** Rows of the whole table, where a part of it was read too. */
  readonly size: number
  readonly rows: readonly MeasuredCell[]
  readonly missing: readonly MissingCell[]
  /** Numbers of the same cells under other keys: by other code, in another environment, or of other bytes. */
  readonly older: readonly OlderCell[]
  /** Failures that are newer than the number of their cell. */
  readonly failedSince: readonly (ResultCell & CellFailure)[]
  readonly exclusions: StudyEvidence['exclusions']
}

/**
 * Reads the table of a study by id or name: the numbers under the keys of a plan for workers of this description. It
 * reads rows of the ledger alone and does not check whether artifacts are intact, which `plan` does. With `rows`, it
 * reads and plans the configurations of these rows alone, which takes as long however large the study is. Throws
 * `StudyUnknown`.
 */
export async function readResults(
  db: LedgerDatabase,
  nameOrId: string,
  describe: (codes: readonly StageCode[]) => Promise<WorkerDescription>,
  rows?: RowRange,
): Promise<StudyResults> {
  const evidence = await studyEvidence(db, nameOrId, rows)
  const worker = await describe(stageCodesIn(evidence))
  const ranOutAt = await outOfMemoryFacts(db, worker.environmentClass)
  const results = resultsOf(evidence, await planEvidence(db, evidence, worker, ranOutAt))
  return rows ? partOf(results, rows) : results
}

/** The cells of these rows alone. */
function partOf(results: StudyResults, { first, last }: RowRange): StudyResults {
  const within = <Cell extends ResultCell>(cells: readonly Cell[]) =>
    cells.filter(({ row }) => row >= first && row <= last)
  const { rows, missing, older, failedSince } = results
  return {
    ...results,
    rows: within(rows),
    missing: within(missing),
    older: within(older),
    failedSince: within(failedSince),
  }
}

/** The codes of all stages of a recorded study. */
export function stageCodesIn({ configurations, perturbations }: StudyGrid): StageCode[] {
  return stageCodesOf(
    configurations.map(({ configuration }) => configuration),
    perturbations.map(({ perturbation }) => perturbation),
  )
}

/**
 * The planned stages of the configurations of `evidence`, for workers of this description, or of the pools in which
 * they were placed. It reads rows alone.
 */
export function planEvidence(
  db: LedgerDatabase,
  { configurations, perturbations }: StudyEvidence,
  worker: WorkerDescription,
  ranOutAt: OutOfMemoryFacts,
): Promise<PlannedStage[]> {
  return planPlaced(db, {
    configurations: configurations.map(({ configuration }) => configuration),
    perturbations: perturbations.map(({ perturbation }) => perturbation),
    worker,
    recall: (keys) => knownStages(db, keys),
    ranOutAt,
  })
}

/** The table of a study from its records, by the keys of these planned stages. */
export function resultsOf(evidence: StudyEvidence, stages: readonly PlannedStage[]): StudyResults {
  const stagesFor = plannedStages(evidence, stages)
  const measurements = grouped(evidence.measurements, (each) => cellId(each.configurationId, each.perturbationKey))
  const failures = grouped(evidence.failures, ({ configurationId }) => configurationId)
  const rows: MeasuredCell[] = []
  const missing: MissingCell[] = []
  const older: OlderCell[] = []
  const failedSince: (ResultCell & CellFailure)[] = []
  for (const { cell, perturbationKey } of cellsOf(evidence)) {
    const planned = stagesFor(cell.configurationId, perturbationKey)
    const keys = new Set(planned.map(({ stageKey }) => stageKey))
    const evaluation = planned.find(({ stage }) => stage === 'perturb-and-evaluate')
    const key = evaluation?.bridge?.recordedKey ?? evaluation?.stageKey
    const numbers = measurements.get(cellId(cell.configurationId, perturbationKey)) ?? []
    const current = numbers.find(({ stageKey }) => stageKey === key)
    const failure = (failures.get(cell.configurationId) ?? []).find(
      (each) =>
        (each.perturbationKey === null || each.perturbationKey === perturbationKey) &&
        (each.stageKey === null || keys.has(each.stageKey)),
    )
    for (const number of numbers)
      if (number !== current) older.push({ ...measuredCell(cell, number), planned: chainOfPlan(planned) })
    if (!current) missing.push({ ...cell, ...absence(failure, numbers.length > 0) })
    else {
      rows.push(measuredCell(cell, markBridged(current, planned)))
      if (failure && failure.recordedAt > current.confirmedAt) failedSince.push({ ...cell, ...failureOf(failure) })
    }
  }
  return {
    study: evidence.study,
    size: evidence.rows,
    rows,
    missing,
    older,
    failedSince,
    exclusions: evidence.exclusions,
  }
}

/** Every cell in the order of the table. */
function cellsOf({ configurations, perturbations }: StudyEvidence): { cell: ResultCell; perturbationKey: Digest }[] {
  return configurations.flatMap(({ position, id, configuration }) =>
    perturbations.map(({ key, perturbation }, p) => ({
      cell: cellOf(position * perturbations.length + p + 1, id, configuration, perturbation),
      perturbationKey: key,
    })),
  )
}

function cellOf(row: number, id: Digest, configuration: Configuration, perturbation: Perturbation): ResultCell {
  const { dataset, backbone, loss, protocol, seed } = configuration
  return {
    row,
    configurationId: id,
    dataset: dataset.id,
    backbone: backboneLabel(backbone),
    loss,
    protocol: protocol.id,
    seed,
    inputContract: backbone.inputContract,
    perturbation: perturbation.name,
    epsilon: 'epsilon' in perturbation ? perturbation.epsilon : null,
    evaluator: evaluatorLabel(perturbation),
    ...(dataset.metric ? { metric: dataset.metric } : {}),
  }
}

/**
 * Gives the planned stages behind a cell. `stages` must be planned for the configurations and perturbations of
 * `evidence`.
 */
function plannedStages({ configurations, perturbations }: StudyEvidence, stages: readonly PlannedStage[]) {
  const idOf = new Map(configurations.map(({ id, configuration }) => [configuration, id]))
  const keyOf = new Map(perturbations.map(({ key, perturbation }) => [perturbation, key]))
  const shared = new Map<Digest, PlannedStage[]>()
  const evaluations = new Map<string, PlannedStage>()
  for (const planned of stages) {
    for (const configuration of planned.configurations) {
      const id = idOf.get(configuration)!
      if (planned.perturbation) evaluations.set(cellId(id, keyOf.get(planned.perturbation)!), planned)
      else shared.set(id, [...(shared.get(id) ?? []), planned])
    }
  }
  return (id: Digest, perturbationKey: Digest): PlannedStage[] => {
    const evaluation = evaluations.get(cellId(id, perturbationKey))
    return [...(shared.get(id) ?? []), ...(evaluation ? [evaluation] : [])]
  }
}

function chainOfPlan(planned: readonly PlannedStage[]): PlannedChain {
  return Object.fromEntries(planned.flatMap(({ stage, identity }) => (identity ? [[stage, identity]] : [])))
}

function cellId(configuration: Digest, perturbationKey: Digest): string {
  return `${configuration} ${perturbationKey}`
}

function measuredCell(cell: ResultCell, measurement: RecordedMeasurement): MeasuredCell {
  const { measurementId, evaluator, flags, correct, total } = measurement
  const { stageKey, outcomesDigest, codeDigest, environmentClass, importSeal } = measurement
  const lineage = { stageKey, outcomesDigest, codeDigest, environmentClass, importSeal }
  return { ...cell, measurementId, evaluator, flags, correct, total, accuracy: correct / total, ...lineage }
}

/** A number with a flag that says so where a stage behind it is known by a bridge over a code change. */
function markBridged(number: RecordedMeasurement, planned: readonly PlannedStage[]): RecordedMeasurement {
  const bridge = planned.find((stage) => stage.bridge !== undefined)?.bridge
  if (!bridge) return number
  const flag = { name: 'bridged', value: bridge.bridge, limit: 0, policy: 'mark' } as const
  return { ...number, flags: [...number.flags, flag] }
}

function failureOf({ stage, failureClass, message, recordedAt }: RecordedFailure): CellFailure {
  return { stage, failureClass, message, recordedAt }
}

function absence(
  failure: RecordedFailure | undefined,
  hasOlder: boolean,
): Pick<MissingCell, 'stage' | 'failureClass' | 'failedAt' | 'reason'> {
  if (failure) {
    const { stage, failureClass, recordedAt: failedAt, message: reason } = failure
    return { stage, failureClass, failedAt, reason }
  }
  const reason = hasOlder ? 'not run yet by this code in this environment' : 'not run yet'
  return { stage: null, failureClass: null, failedAt: null, reason }
}
