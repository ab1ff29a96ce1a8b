import { and, desc, eq, isNull, or, sql } from 'drizzle-orm'
import type { Digest, StageName } from '@gauntlet/study'
import type { LedgerDatabase } from './open-ledger.ts'
import * as schema from './schema/index.ts'
import type { MeasurementFlag } from './schema/measurement.ts'

const {
  configuration,
  configurationFailure,
  execution,
  measurement,
  perturbation,
  studyConfiguration,
  studyPerturbation,
} = schema

/** A cell: one configuration under one perturbation. */
export interface GridCell {
  readonly configurationId: Digest
  readonly dataset: string
  readonly backbone: string
  readonly loss: string
  readonly protocol: string
  readonly seed: number
  /** The perturbation's name. */
  readonly perturbation: string
  readonly epsilon: number | null
  /** The evaluator's label. */
  readonly evaluator: string
}

/** The measurement of a cell that was confirmed last. */
export interface LastMeasurement {
  readonly measurementId: Digest
  /** The evaluator's label as the outcomes have it, which may say more than that of the cell. */
  readonly evaluator: string
  readonly flags: readonly MeasurementFlag[]
  readonly correct: number
  readonly total: number
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly codeDigest: Digest
  readonly environmentClass: Digest
}

/** The failure that last left a cell empty. */
export interface LastFailure {
  readonly stage: StageName
  readonly failureClass: string
  readonly message: string
}

/** A cell, and what became of it; both null where it was not run yet. */
export interface GridEntry {
  readonly cell: GridCell
  readonly measured: LastMeasurement | null
  readonly failed: LastFailure | null
}

/** Every cell in the order of the table, with the measurement confirmed last, or else the failure recorded last. */
export async function studyGrid(db: LedgerDatabase, studyId: Digest): Promise<GridEntry[]> {
  const measured = lastMeasurement(db)
  const failed = lastFailure(db)
  const rows = await db
    .select({ cell: cellColumns, measured: measured._.selectedFields, failed: failed._.selectedFields })
    .from(studyConfiguration)
    .innerJoin(configuration, eq(configuration.id, studyConfiguration.configurationId))
    .innerJoin(studyPerturbation, eq(studyPerturbation.studyId, studyConfiguration.studyId))
    .innerJoin(perturbation, eq(perturbation.key, studyPerturbation.perturbationKey))
    .leftJoinLateral(measured, sql`true`)
    .leftJoinLateral(failed, isNull(measured.measurementId))
    .where(eq(studyConfiguration.studyId, studyId))
    .orderBy(studyConfiguration.position, studyPerturbation.position)
  return rows.map(({ cell, measured, failed }) => ({
    cell,
    measured: presentOrNull(measured),
    failed: presentOrNull(failed),
  }))
}

/** The columns of an outer join as one value: null where nothing was joined. */
function presentOrNull<Row extends object>(row: Row | null): Row | null {
  return row === null || Object.values(row).every((value) => value === null) ? null : row
}

const cellColumns = {
  configurationId: configuration.id,
  dataset: configuration.dataset,
  backbone: configuration.backbone,
  loss: configuration.loss,
  protocol: configuration.protocol,
  seed: configuration.seed,
  perturbation: perturbation.name,
  epsilon: perturbation.epsilon,
  evaluator: perturbation.evaluator,
}

function lastMeasurement(db: LedgerDatabase) {
  return db
    .select({
      measurementId: sql<Digest>`${measurement.id}`.as('measurement_id'),
      evaluator: measurement.evaluator,
      flags: measurement.flags,
      correct: measurement.correct,
      total: measurement.total,
      stageKey: measurement.stageKey,
      outcomesDigest: measurement.outcomesDigest,
      codeDigest: execution.codeDigest,
      environmentClass: execution.environmentClass,
    })
    .from(measurement)
    .innerJoin(execution, eq(execution.stageKey, measurement.stageKey))
    .where(and(eq(measurement.configurationId, configuration.id), eq(measurement.perturbationKey, perturbation.key)))
    .orderBy(desc(measurement.confirmedAt), measurement.id)
    .limit(1)
    .as('measured')
}

function lastFailure(db: LedgerDatabase) {
  const { studyId, configurationId, perturbationKey } = configurationFailure
  return db
    .select({
      stage: configurationFailure.stage,
      failureClass: configurationFailure.failureClass,
      message: configurationFailure.message,
    })
    .from(configurationFailure)
    .where(
      and(
        eq(studyId, studyConfiguration.studyId),
        eq(configurationId, configuration.id),
        or(isNull(perturbationKey), eq(perturbationKey, perturbation.key)),
      ),
    )
    .orderBy(desc(configurationFailure.recordedAt))
    .limit(1)
    .as('failed')
}
