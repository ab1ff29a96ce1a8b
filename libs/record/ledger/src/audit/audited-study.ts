import { and, eq, sql } from 'drizzle-orm'
import type {
  Configuration,
  Digest,
  Json,
  Perturbation,
  StageIdentity,
  StageName,
  EvaluationFlag,
} from '@gauntlet/study'
import { findStudy } from '../studies/find-study.ts'
import { isAnyOf } from '../database/any-of.ts'
import { inPages } from '../database/in-batches.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { edgesOf } from '../executions/edges.ts'
import {
  attempt,
  configuration,
  environment,
  exclusion,
  execution,
  executionArtifact,
  measurement,
  perturbation,
  study,
  studyConfiguration,
  studyPerturbation,
} from '../schema/index.ts'

/* Rows as they stand, for whoever checks them: columns beside the documents that they repeat, and no joins that would
 * hide a row which points nowhere. */

/** A study with its grid, as its rows have it. */
export interface AuditedGrid {
  readonly id: Digest
  readonly name: string
  /** The text of its file. */
  readonly file: string
  readonly configurations: readonly {
    readonly position: number
    readonly id: Digest
    readonly dataset: string
    readonly backbone: string
    readonly loss: string
    readonly protocol: string
    readonly seed: number
    readonly document: Configuration
  }[]
  readonly perturbations: readonly {
    readonly position: number
    readonly key: Digest
    readonly name: string
    readonly epsilon: number | null
    readonly evaluator: string
    readonly document: Perturbation
  }[]
  readonly exclusions: readonly { readonly position: number; readonly cell: Json; readonly reason: string }[]
}

/** A row of `measurement`. */
export interface AuditedMeasurement {
  readonly id: Digest
  readonly configurationId: Digest
  readonly perturbationKey: Digest
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly evaluator: string
  readonly flags: readonly EvaluationFlag[]
  readonly correct: number
  readonly total: number
}

/** An artifact of an edge, with the size that its own row has. */
export interface AuditedEdge {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
}

/** A row of `execution` with its edges and with what its fulfilled attempt says to have made. */
export interface AuditedExecution {
  readonly stageKey: Digest
  readonly identity: StageIdentity
  /** The configuration that asked for it first; null for a stage that many share. */
  readonly configurationId: Digest | null
  readonly state: 'open' | 'fulfilled'
  readonly used: Readonly<Record<string, AuditedEdge>>
  readonly generated: Readonly<Record<string, AuditedEdge>>
  /** Digest by role; null where no attempt is fulfilled. */
  readonly attempted: Readonly<Record<string, Digest>> | null
}

/** An execution that an edge says to have generated an artifact, and in which role. */
export interface Producer {
  readonly digest: Digest
  readonly role: string
  readonly stageKey: Digest
  /** Null where the execution has no row. */
  readonly stage: StageName | null
  readonly state: 'open' | 'fulfilled' | null
}

/** Reads the rows of a study and of its grid. Throws `StudyUnknown`. */
export async function auditedGrid(db: LedgerDatabase, nameOrId: string): Promise<AuditedGrid> {
  const { id, name } = await findStudy(db, nameOrId)
  const [files, configurations, perturbations, exclusions] = await Promise.all([
    db.select({ file: study.file }).from(study).where(eq(study.id, id)),
    db
      .select({ position: studyConfiguration.position, row: configuration })
      .from(studyConfiguration)
      .innerJoin(configuration, eq(configuration.id, studyConfiguration.configurationId))
      .where(eq(studyConfiguration.studyId, id))
      .orderBy(studyConfiguration.position),
    db
      .select({ position: studyPerturbation.position, row: perturbation })
      .from(studyPerturbation)
      .innerJoin(perturbation, eq(perturbation.key, studyPerturbation.perturbationKey))
      .where(eq(studyPerturbation.studyId, id))
      .orderBy(studyPerturbation.position),
    db
      .select({ position: exclusion.position, cell: exclusion.cell, reason: exclusion.reason })
      .from(exclusion)
      .where(eq(exclusion.studyId, id))
      .orderBy(exclusion.position),
  ])
  return {
    id,
    name,
    file: files[0]!.file,
    configurations: configurations.map(({ position, row }) => ({ position, ...row })),
    perturbations: perturbations.map(({ position, row }) => ({ position, ...row })),
    exclusions,
  }
}

/** Every number of these configurations, under whichever perturbation and key. */
export function auditedMeasurements(
  db: LedgerDatabase,
  configurationIds: readonly Digest[],
): Promise<AuditedMeasurement[]> {
  const { id, configurationId, perturbationKey, stageKey, outcomesDigest } = measurement
  const { evaluator, flags, correct, total } = measurement
  const columns = { id, configurationId, perturbationKey, stageKey, outcomesDigest, evaluator, flags, correct, total }
  return rowsOf(configurationIds, (ids) =>
    db.select(columns).from(measurement).where(isAnyOf(configurationId, ids)).orderBy(id),
  )
}

/** The executions with these keys. Keys that have no row are absent. */
export function auditedExecutions(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<AuditedExecution[]> {
  return rowsOf(stageKeys, async (keys) => {
    const [rows, edges, attempts] = await Promise.all([
      executionRows(db, keys),
      edgesOf(db, keys),
      db
        .select({ stageKey: attempt.stageKey, generated: attempt.generated })
        .from(attempt)
        .where(and(isAnyOf(attempt.stageKey, keys), eq(attempt.outcome, 'fulfilled'))),
    ])
    const attempted = new Map(attempts.map(({ stageKey, generated }) => [stageKey, generated]))
    return rows.map(({ stageKey, configurationId, state, ...identity }) => ({
      stageKey,
      identity,
      configurationId,
      state,
      ...edges.get(stageKey)!,
      attempted: attempted.get(stageKey) ?? null,
    }))
  })
}

function executionRows(db: LedgerDatabase, keys: readonly Digest[]) {
  const { stageKey, configurationId, state, stage, codeDigest, environmentClass, parameters, seed, inputs } = execution
  return db
    .select({ stageKey, configurationId, state, stage, codeDigest, environmentClass, parameters, seed, inputs })
    .from(execution)
    .where(isAnyOf(stageKey, keys))
}

/** What the edges to each of these artifacts say to have generated it. */
export function producersOf(db: LedgerDatabase, digests: readonly Digest[]): Promise<Producer[]> {
  const { stageKey, role, digest, direction } = executionArtifact
  const { stage, state } = execution
  return rowsOf(digests, (page) =>
    db
      .select({ digest: sql<Digest>`${digest}`, stageKey: sql<Digest>`${stageKey}`, stage, state, role })
      .from(executionArtifact)
      .leftJoin(execution, eq(execution.stageKey, stageKey))
      .where(and(isAnyOf(digest, page), eq(direction, 'generated'))),
  )
}

/** The description of each environment class; null where nobody has described it. */
export async function environmentsOf(
  db: LedgerDatabase,
  classes: readonly Digest[],
): Promise<ReadonlyMap<Digest, Json | null>> {
  const rows = await db
    .select({ class: environment.class, document: environment.document })
    .from(environment)
    .where(isAnyOf(environment.class, classes))
  return new Map(rows.map((row) => [row.class, row.document]))
}

async function rowsOf<Row>(keys: readonly Digest[], read: (page: readonly Digest[]) => Promise<Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of inPages(keys, read)) for (const row of page) rows.push(row)
  return rows
}
