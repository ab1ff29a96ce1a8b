import { eq, inArray } from 'drizzle-orm'
import {
  stages,
  type ArtifactReference,
  type Configuration,
  type Digest,
  type Json,
  type Perturbation,
  type StageName,
} from '@gauntlet/study'
import { edgesOf } from './edges.ts'
import { lineageOf } from './lineage.ts'
import { MeasurementUnknown } from './measurement-unknown.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import type { Attempt } from './record-attempt.ts'
import { attempt, configuration, environment, execution, measurement, perturbation } from '../schema/index.ts'

/** A number, what it is a number of, and everything it came from. */
export interface MeasurementTrace {
  readonly measurement: {
    readonly id: Digest
    readonly configurationId: Digest
    readonly configuration: Configuration
    readonly perturbation: Perturbation
    readonly evaluator: string
    readonly correct: number
    readonly total: number
    readonly stageKey: Digest
    readonly outcomesDigest: Digest
    /** ISO 8601. */
    readonly recordedAt: string
  }
  /** From the evaluation back to the first stages. */
  readonly executions: readonly TracedExecution[]
  /** Artifacts that were used and that no execution generated: weights files, archives of datasets. */
  readonly sources: readonly {
    readonly stage: StageName
    readonly role: string
    readonly artifact: ArtifactReference
  }[]
}

/** An execution with its lineage and its attempts. */
export interface TracedExecution {
  readonly stageKey: Digest
  readonly stage: StageName
  readonly configurationId: Digest | null
  readonly parameters: Json
  readonly seed: number
  readonly codeDigest: Digest
  readonly environmentClass: Digest
  readonly environment: Json
  /** Digest of each input by role, as the key was computed from it. */
  readonly inputs: Readonly<Record<string, Digest>>
  readonly used: Readonly<Record<string, ArtifactReference>>
  readonly generated: Readonly<Record<string, ArtifactReference>>
  /** Every attempt, also the failed ones, in the order of their start. */
  readonly attempts: readonly TracedAttempt[]
}

/** An attempt with its end. */
export interface TracedAttempt extends Omit<Attempt, 'environment'> {
  readonly outcome: (typeof attempt.outcome.enumValues)[number]
  readonly failureClass: string | null
  readonly message: string | null
}

/**
 * The whole lineage of a number. It is found by index lookups alone, which read tens of rows, however large the ledger.
 * Throws `MeasurementUnknown`.
 */
export async function traceMeasurement(db: LedgerDatabase, measurementId: Digest): Promise<MeasurementTrace> {
  const measured = await measurementOf(db, measurementId)
  const keys = await lineageOf(db, [measured.stageKey])
  const [found, edges, attempts] = await Promise.all([executionsOf(db, keys), edgesOf(db, keys), attemptsOf(db, keys)])
  const executions = found.map((row): TracedExecution => {
    const tries = attempts.filter((attempted) => attempted.stageKey === row.stageKey)
    return { ...row, ...edges.get(row.stageKey)!, attempts: tries.map(tracedAttempt) }
  })
  executions.sort((a, b) => stages.indexOf(b.stage) - stages.indexOf(a.stage) || (a.stageKey < b.stageKey ? -1 : 1))
  return { measurement: measured, executions, sources: sourcesOf(executions) }
}

async function measurementOf(db: LedgerDatabase, id: Digest): Promise<MeasurementTrace['measurement']> {
  const [found] = await db
    .select({ measurement, configuration: configuration.document, perturbation: perturbation.document })
    .from(measurement)
    .innerJoin(configuration, eq(configuration.id, measurement.configurationId))
    .innerJoin(perturbation, eq(perturbation.key, measurement.perturbationKey))
    .where(eq(measurement.id, id))
  if (found === undefined) throw new MeasurementUnknown(id)
  const { configurationId, evaluator, correct, total, stageKey, outcomesDigest, recordedAt } = found.measurement
  const counted = { evaluator, correct, total, stageKey, outcomesDigest, recordedAt: recordedAt.toISOString() }
  return { id, configurationId, configuration: found.configuration, perturbation: found.perturbation, ...counted }
}

function executionsOf(db: LedgerDatabase, keys: Digest[]) {
  const { stageKey, stage, configurationId, parameters, seed, codeDigest, environmentClass, inputs } = execution
  const columns = { stageKey, stage, configurationId, parameters, seed, codeDigest, environmentClass, inputs }
  return db
    .select({ ...columns, environment: environment.document })
    .from(execution)
    .innerJoin(environment, eq(environment.class, environmentClass))
    .where(inArray(stageKey, keys))
}

function attemptsOf(db: LedgerDatabase, keys: Digest[]) {
  return db
    .select()
    .from(attempt)
    .where(inArray(attempt.stageKey, keys))
    .orderBy(attempt.startedAt, attempt.number, attempt.id)
}

function tracedAttempt(row: typeof attempt.$inferSelect): TracedAttempt {
  const { id, number, worker, device, outcome, failureClass, message, workflowId, runId, details } = row
  const times = { startedAt: row.startedAt.toISOString(), endedAt: row.endedAt?.toISOString() ?? null }
  return { id, number, worker, device, ...times, outcome, failureClass, message, workflowId, runId, details }
}

/** What came from outside: what an execution used that none made, and that is not its own code. */
function sourcesOf(executions: readonly TracedExecution[]): MeasurementTrace['sources'] {
  const made = new Set(executions.flatMap((row) => Object.values(row.generated).map(({ digest }) => digest)))
  return executions.flatMap(({ stage, codeDigest, used }) =>
    Object.entries(used).flatMap(([role, reference]) =>
      made.has(reference.digest) || reference.digest === codeDigest ? [] : [{ stage, role, artifact: reference }],
    ),
  )
}
