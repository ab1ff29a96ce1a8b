import { and, desc, eq, sql } from 'drizzle-orm'
import type { Configuration, Digest, Json, Perturbation, StageName } from '@gauntlet/study'
import { findStudy, type RecordedStudy } from './find-study.ts'
import type { LedgerDatabase } from './open-ledger.ts'
import type { MeasurementFlag } from './schema/measurement.ts'
import {
  configuration,
  configurationFailure,
  exclusion,
  execution,
  measurement,
  perturbation,
  studyConfiguration,
  studyPerturbation,
} from './schema/index.ts'

/** A number of one cell, with the key, the code and the environment that it is of. */
export interface RecordedMeasurement {
  readonly measurementId: Digest
  readonly configurationId: Digest
  readonly perturbationKey: Digest
  /** The evaluator's label as the outcomes have it, which may say more than the perturbation. */
  readonly evaluator: string
  readonly flags: readonly MeasurementFlag[]
  readonly correct: number
  readonly total: number
  /** The key of the evaluation. */
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly codeDigest: Digest
  readonly environmentClass: Digest
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

/** The grid of a study and everything the ledger has of it, by whatever code and in whatever environment. */
export interface StudyEvidence {
  readonly study: RecordedStudy
  /** In the order of the table. */
  readonly configurations: readonly { readonly id: Digest; readonly configuration: Configuration }[]
  /** In the order of the table. */
  readonly perturbations: readonly { readonly key: Digest; readonly perturbation: Perturbation }[]
  /** The one confirmed last first. */
  readonly measurements: readonly RecordedMeasurement[]
  /** The latest first. */
  readonly failures: readonly RecordedFailure[]
  readonly exclusions: readonly { readonly cell: Json; readonly reason: string }[]
}

/** Reads a study by id or name, in five queries however large it is. Throws `StudyUnknown`. */
export async function studyEvidence(db: LedgerDatabase, nameOrId: string): Promise<StudyEvidence> {
  const study = await findStudy(db, nameOrId)
  const [configurations, perturbations, measurements, failures, exclusions] = await Promise.all([
    configurationsOf(db, study.id),
    perturbationsOf(db, study.id),
    measurementsOf(db, study.id),
    failuresOf(db, study.id),
    exclusionsOf(db, study.id),
  ])
  return { study, configurations, perturbations, measurements, failures, exclusions }
}

function configurationsOf(db: LedgerDatabase, studyId: Digest) {
  return db
    .select({ id: configuration.id, configuration: configuration.document })
    .from(studyConfiguration)
    .innerJoin(configuration, eq(configuration.id, studyConfiguration.configurationId))
    .where(eq(studyConfiguration.studyId, studyId))
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

function measurementsOf(db: LedgerDatabase, studyId: Digest): Promise<RecordedMeasurement[]> {
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
    .where(eq(studyConfiguration.studyId, studyId))
    .orderBy(desc(measurement.confirmedAt), measurement.id)
}

function failuresOf(db: LedgerDatabase, studyId: Digest): Promise<RecordedFailure[]> {
  const { configurationId, perturbationKey, stage, stageKey, failureClass, message, recordedAt } = configurationFailure
  return db
    .select({ configurationId, perturbationKey, stage, stageKey, failureClass, message, recordedAt })
    .from(configurationFailure)
    .where(eq(configurationFailure.studyId, studyId))
    .orderBy(desc(recordedAt))
}

function exclusionsOf(db: LedgerDatabase, studyId: Digest) {
  return db
    .select({ cell: exclusion.cell, reason: exclusion.reason })
    .from(exclusion)
    .where(eq(exclusion.studyId, studyId))
    .orderBy(exclusion.position)
}
