import { and, desc, eq, sql, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Configuration, Digest, Json, Perturbation, StageName, EvaluationFlag } from '@gauntlet/study'
import { doubtedEvaluations } from '../audit/doubts.ts'
import { findStudy, type RecordedStudy } from './find-study.ts'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import {
  configuration,
  configurationFailure,
  exclusion,
  execution,
  importedStage,
  measurement,
  perturbation,
  studyConfiguration,
  studyPerturbation,
} from '../schema/index.ts'

/** A number of one cell, with the key, the code and the environment that it is of. */
export interface RecordedMeasurement {
  readonly measurementId: Digest
  readonly configurationId: Digest
  readonly perturbationKey: Digest
  /** The evaluator's label as the outcomes have it, which may say more than the perturbation. */
  readonly evaluator: string
  readonly flags: readonly EvaluationFlag[]
  readonly correct: number
  readonly total: number
  /** The key of the evaluation. */
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly codeDigest: Digest
  readonly environmentClass: Digest
  /** The seal by which the evaluation is known, where an import brought it. */
  readonly importSeal: Digest | null
  /** When a run last arrived at this number. */
  readonly confirmedAt: Date
}

/** A failure that left cells without a number. */
export interface RecordedFailure {
  readonly configurationId: Digest
  /** Null where it concerns all cells of the configuration. */
  readonly perturbationKey: Digest | null
  readonly stage: StageName
  /** The key of the stage that failed; null where no stage was tried, and in rows of before keys were kept. */
  readonly stageKey: Digest | null
  readonly failureClass: string
  readonly message: string
  readonly recordedAt: Date
}

/** Rows of a study's table, from `first` to `last`, counted from 1. */
export interface RowRange {
  readonly first: number
  readonly last: number
}

/** What a study consists of, or the part of it that was asked for. It never changes. */
export interface StudyGrid {
  readonly study: RecordedStudy
  /** Rows of its table: a part of it has as many as the whole. */
  readonly rows: number
  /** In the order of the table; `position` is the place in it, from 0. */
  readonly configurations: readonly GridConfiguration[]
  /** In the order of the table. */
  readonly perturbations: readonly { readonly key: Digest; readonly perturbation: Perturbation }[]
  readonly exclusions: readonly { readonly cell: Json; readonly reason: string }[]
}

/** A configuration at its place in the table of a study. */
export interface GridConfiguration {
  readonly position: number
  readonly id: Digest
  readonly configuration: Configuration
}

/** The grid of a study and everything the ledger has of it, by whatever code and in whatever environment. */
export interface StudyEvidence extends StudyGrid {
  /** The one confirmed last first. */
  readonly measurements: readonly RecordedMeasurement[]
  /** The latest first. */
  readonly failures: readonly RecordedFailure[]
}

/**
 * Reads what a study consists of, by its id or name; with `rows`, the configurations of these rows alone. Throws
 * `StudyUnknown`.
 */
export async function studyGrid(db: LedgerDatabase, nameOrId: string, rows?: RowRange): Promise<StudyGrid> {
  const study = await findStudy(db, nameOrId)
  const [perturbations, exclusions, size] = await Promise.all([
    perturbationsOf(db, study.id),
    exclusionsOf(db, study.id),
    configurationsIn(db, study.id),
  ])
  const width = perturbations.length
  const place = (row: number) => Math.min(Math.floor((row - 1) / width), size)
  const between = rows && sql`${studyConfiguration.position} between ${place(rows.first)} and ${place(rows.last)}`
  const configurations = await configurationsOf(db, study.id, between)
  return { study, rows: size * width, configurations, perturbations, exclusions }
}

/**
 * Reads a study by id or name, in eight queries however large it is; with `rows`, the configurations of these rows
 * alone. Throws `StudyUnknown`.
 */
export async function studyEvidence(db: LedgerDatabase, nameOrId: string, rows?: RowRange): Promise<StudyEvidence> {
  const grid = await studyGrid(db, nameOrId, rows)
  return evidenceOf(db, grid, grid.configurations)
}

/**
 * Reads what the ledger has of some configurations of a study, in three queries. Numbers that rest on bytes which
 * somebody doubts have a flag that says so.
 */
export async function evidenceOf(
  db: LedgerDatabase,
  grid: StudyGrid,
  part: readonly GridConfiguration[],
): Promise<StudyEvidence> {
  const isWhole = part.length * grid.perturbations.length === grid.rows
  const ids = isWhole ? null : part.map(({ id }) => id)
  const [measurements, failures, doubted] = await Promise.all([
    measurementsOf(db, grid.study.id, ids),
    failuresOf(db, grid.study.id, ids),
    doubtedEvaluations(db),
  ])
  return { ...grid, configurations: part, measurements: flagDoubted(measurements, doubted), failures }
}

function flagDoubted(
  measurements: readonly RecordedMeasurement[],
  doubted: ReadonlyMap<Digest, number>,
): readonly RecordedMeasurement[] {
  if (doubted.size === 0) return measurements
  return measurements.map((each) => {
    const doubt = doubted.get(each.stageKey)
    if (doubt === undefined) return each
    return { ...each, flags: [...each.flags, { name: 'doubted', value: doubt, limit: 0, policy: 'mark' }] }
  })
}

/** Rows of the table of a study by its id or name. Throws `StudyUnknown`. */
export async function rowsOfStudy(db: LedgerDatabase, nameOrId: string): Promise<number> {
  const { id } = await findStudy(db, nameOrId)
  return (await configurationsIn(db, id)) * (await db.$count(studyPerturbation, eq(studyPerturbation.studyId, id)))
}

function configurationsIn(db: LedgerDatabase, studyId: Digest): Promise<number> {
  return db.$count(studyConfiguration, eq(studyConfiguration.studyId, studyId))
}

/** The condition that a column holds one of these ids; of null, none. */
function isAmong(column: PgColumn, ids: readonly Digest[] | null): SQL | undefined {
  return ids === null ? undefined : isAnyOf(column, ids)
}

function configurationsOf(db: LedgerDatabase, studyId: Digest, chosen: SQL | undefined) {
  return db
    .select({
      position: studyConfiguration.position,
      id: sql<Digest>`${configuration.id}`,
      configuration: configuration.document,
    })
    .from(studyConfiguration)
    .innerJoin(configuration, eq(configuration.id, studyConfiguration.configurationId))
    .where(and(eq(studyConfiguration.studyId, studyId), chosen))
    .orderBy(studyConfiguration.position)
}

function perturbationsOf(db: LedgerDatabase, studyId: Digest) {
  return db
    .select({ key: perturbation.key, perturbation: perturbation.document })
    .from(studyPerturbation)
    .innerJoin(perturbation, eq(perturbation.key, studyPerturbation.perturbationKey))
    .where(eq(studyPerturbation.studyId, studyId))
    .orderBy(studyPerturbation.position)
}

function measurementsOf(
  db: LedgerDatabase,
  studyId: Digest,
  ids: readonly Digest[] | null,
): Promise<RecordedMeasurement[]> {
  return db
    .select({
      measurementId: sql<Digest>`${measurement.id}`,
      configurationId: measurement.configurationId,
      perturbationKey: measurement.perturbationKey,
      evaluator: measurement.evaluator,
      flags: measurement.flags,
      correct: measurement.correct,
      total: measurement.total,
      stageKey: measurement.stageKey,
      outcomesDigest: measurement.outcomesDigest,
      codeDigest: execution.codeDigest,
      environmentClass: execution.environmentClass,
      importSeal: importedStage.sealDigest,
      confirmedAt: measurement.confirmedAt,
    })
    .from(studyConfiguration)
    .innerJoin(measurement, eq(measurement.configurationId, studyConfiguration.configurationId))
    .innerJoin(
      studyPerturbation,
      and(
        eq(studyPerturbation.studyId, studyConfiguration.studyId),
        eq(studyPerturbation.perturbationKey, measurement.perturbationKey),
      ),
    )
    .innerJoin(execution, eq(execution.stageKey, measurement.stageKey))
    .leftJoin(importedStage, eq(importedStage.stageKey, measurement.stageKey))
    .where(and(eq(studyConfiguration.studyId, studyId), isAmong(studyConfiguration.configurationId, ids)))
    .orderBy(desc(measurement.confirmedAt), measurement.id)
}

function failuresOf(db: LedgerDatabase, studyId: Digest, ids: readonly Digest[] | null): Promise<RecordedFailure[]> {
  const { configurationId, perturbationKey, stage, stageKey, failureClass, message, recordedAt } = configurationFailure
  return db
    .select({ configurationId, perturbationKey, stage, stageKey, failureClass, message, recordedAt })
    .from(configurationFailure)
    .where(and(eq(configurationFailure.studyId, studyId), isAmong(configurationId, ids)))
    .orderBy(desc(recordedAt))
}

function exclusionsOf(db: LedgerDatabase, studyId: Digest) {
  return db
    .select({ cell: exclusion.cell, reason: exclusion.reason })
    .from(exclusion)
    .where(eq(exclusion.studyId, studyId))
    .orderBy(exclusion.position)
}
