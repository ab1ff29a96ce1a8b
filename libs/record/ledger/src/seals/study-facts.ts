import { setImmediate as nextTurn } from 'node:timers/promises'
import { eq, sql, type SQL } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { Digest } from '@gauntlet/study'
import { factPlace, type Fact, type FactOf } from './facts.ts'
import { edgesOf } from '../executions/edges.ts'
import { lineageOfMany } from '../executions/lineage.ts'
import { anyOf, isAnyOf } from '../database/any-of.ts'
import { inBatches, inPages } from '../database/in-batches.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import {
  attempt,
  configuration,
  configurationFailure,
  environment,
  exclusion,
  execution,
  executionArtifact,
  measurement,
  perturbation,
  study,
  studyConfiguration,
  studyPerturbation,
  withdrawal,
} from '../schema/index.ts'

/** Facts that are worked on before what Postgres has sent meanwhile is received, and the next query sent. */
const partSize = 200

/** The rows that the record of a study consists of, by their keys in order. */
export interface RecordKeys {
  readonly configurations: readonly Digest[]
  readonly stageKeys: readonly Digest[]
  readonly measurements: readonly Digest[]
}

/** A fact, and where it stands in the record. */
export interface PlacedFact {
  readonly place: string
  readonly fact: Fact
}

/**
 * Gives `use` every fact of a study, as of one moment, in the order of `factPlace`: the same facts come in the same
 * order from every ledger. They come in pages, however many there are.
 */
export function withStudyFacts<Result>(
  db: LedgerDatabase,
  studyId: Digest,
  use: (facts: AsyncIterable<readonly PlacedFact[]>, keys: RecordKeys) => Promise<Result>,
): Promise<Result> {
  return db.transaction(
    async (transaction) => {
      const keys = await recordKeys(transaction, studyId)
      return use(studyFacts(transaction, studyId, keys), keys)
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

async function* studyFacts(
  db: LedgerDatabase,
  studyId: Digest,
  keys: RecordKeys,
): AsyncGenerator<readonly PlacedFact[]> {
  yield inPlace(await studyFact(db, studyId))
  yield inPlace(await environmentFacts(db, keys.stageKeys))
  yield* paged(keys.configurations, (page) => configurationFacts(db, studyId, page))
  yield inPlace(await perturbationFacts(db, studyId))
  yield inPlace(await exclusionFacts(db, studyId))
  yield* paged(keys.stageKeys, (page) => stageFacts(db, page))
  yield* paged(keys.measurements, (page) => measurementFacts(db, page))
  yield inPlace(await failureFacts(db, studyId))
}

/**
 * The keys of a study's record: its measurements, and the stages that its configurations asked for, with all that these
 * rest on. A stage may have been asked for first by a configuration of another study, which is then of the record too.
 * With `only`, the keys of what concerns these configurations.
 */
export async function recordKeys(
  db: LedgerDatabase,
  studyId: Digest,
  only: readonly Digest[] | null = null,
): Promise<RecordKeys> {
  const chosen = only === null ? sql`` : sql`and ${isAnyOf(studyConfiguration.configurationId, only)}`
  const measured = await db.execute<{ id: Digest; key: Digest }>(sql`
    select m.id, m.stage_key as key from ${studyConfiguration}
    join ${measurement} m on m.configuration_id = ${studyConfiguration.configurationId}
    join ${studyPerturbation} on ${studyPerturbation.studyId} = ${studyConfiguration.studyId}
      and ${studyPerturbation.perturbationKey} = m.perturbation_key
    where ${studyConfiguration.studyId} = ${studyId} ${chosen}`)
  const asked = await db.execute<{ key: Digest }>(sql`
    select e.stage_key as key from ${studyConfiguration}
    join ${execution} e on e.configuration_id = ${studyConfiguration.configurationId}
    where ${studyConfiguration.studyId} = ${studyId} ${chosen}`)
  const first = [...new Set([...measured.rows, ...asked.rows].map(({ key }) => key))]
  const stages = await lineageOfMany(db, first)
  const configurations = await db.execute<{ id: Digest }>(sql`
    select ${studyConfiguration.configurationId} as id from ${studyConfiguration}
    where ${studyConfiguration.studyId} = ${studyId} ${chosen}
    union select configuration_id from ${execution}
    where stage_key = ${anyOf(stages)} and configuration_id is not null`)
  return {
    configurations: configurations.rows.map(({ id }) => id).sort(),
    stageKeys: stages.sort(),
    measurements: measured.rows.map(({ id }) => id).sort(),
  }
}

/** A time as facts have it. */
function timeOf(column: AnyPgColumn): SQL<string> {
  return sql<string>`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

async function* paged(
  keys: readonly Digest[],
  read: (page: readonly Digest[]) => Promise<readonly Fact[]>,
): AsyncGenerator<readonly PlacedFact[]> {
  for await (const page of inPages(keys, read))
    for (const part of inBatches(inPlace(page), partSize)) {
      yield part
      await nextTurn()
    }
}

function inPlace(facts: readonly Fact[]): PlacedFact[] {
  return facts.map((fact) => ({ place: factPlace(fact), fact })).sort((a, b) => (a.place < b.place ? -1 : 1))
}

async function studyFact(db: LedgerDatabase, studyId: Digest): Promise<FactOf<'study'>[]> {
  const { id, name, document, file, createdAt } = study
  const rows = await db
    .select({ id, name, document, file, createdAt: timeOf(createdAt) })
    .from(study)
    .where(eq(id, studyId))
  return rows.map((row) => ({ kind: 'study', ...row }))
}

async function environmentFacts(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<FactOf<'environment'>[]> {
  const used = db.selectDistinct({ name: execution.environmentClass }).from(execution)
  const classes = (await used.where(isAnyOf(execution.stageKey, stageKeys))).map(({ name }) => name)
  return describedEnvironments(db, classes)
}

/** The environments of these classes. */
export async function describedEnvironments(
  db: LedgerDatabase,
  classes: readonly Digest[],
): Promise<FactOf<'environment'>[]> {
  const rows = await db.select().from(environment).where(isAnyOf(environment.class, classes))
  return rows.map((row) => ({ kind: 'environment', class: row.class, document: row.document }))
}

async function configurationFacts(
  db: LedgerDatabase,
  studyId: Digest,
  ids: readonly Digest[],
): Promise<FactOf<'configuration'>[]> {
  const rows = await db
    .select({ id: configuration.id, position: studyConfiguration.position, document: configuration.document })
    .from(configuration)
    .leftJoin(
      studyConfiguration,
      sql`${studyConfiguration.configurationId} = ${configuration.id} and ${studyConfiguration.studyId} = ${studyId}`,
    )
    .where(isAnyOf(configuration.id, ids))
  return rows.map((row) => ({ kind: 'configuration', ...row }))
}

async function perturbationFacts(db: LedgerDatabase, studyId: Digest): Promise<FactOf<'perturbation'>[]> {
  const rows = await db
    .select({ key: perturbation.key, position: studyPerturbation.position, document: perturbation.document })
    .from(studyPerturbation)
    .innerJoin(perturbation, eq(perturbation.key, studyPerturbation.perturbationKey))
    .where(eq(studyPerturbation.studyId, studyId))
  return rows.map((row) => ({ kind: 'perturbation', ...row }))
}

async function exclusionFacts(db: LedgerDatabase, studyId: Digest): Promise<FactOf<'exclusion'>[]> {
  const { position, cell, reason } = exclusion
  const rows = await db.select({ position, cell, reason }).from(exclusion).where(eq(exclusion.studyId, studyId))
  return rows.map((row) => ({ kind: 'exclusion', ...row }))
}

async function stageFacts(db: LedgerDatabase, keys: readonly Digest[]): Promise<Fact[]> {
  const found: Fact[][] = []
  for (const read of [executionFacts, fulfilmentFacts, attemptFacts, withdrawalFacts]) found.push(await read(db, keys))
  return found.flat()
}

async function executionFacts(db: LedgerDatabase, keys: readonly Digest[]): Promise<FactOf<'execution'>[]> {
  const { stageKey, stage, configurationId, parameters, seed, codeDigest, environmentClass, inputs } = execution
  const rows = await db
    .select({ stageKey, stage, configurationId, parameters, seed, codeDigest, environmentClass, inputs })
    .from(execution)
    .where(isAnyOf(stageKey, keys))
  return rows.map((row) => ({ kind: 'execution', ...row }))
}

export async function fulfilmentFacts(db: LedgerDatabase, keys: readonly Digest[]): Promise<FactOf<'fulfilment'>[]> {
  const fulfilled = await db
    .select({ stageKey: execution.stageKey, fulfilledAt: timeOf(execution.fulfilledAt) })
    .from(execution)
    .where(sql`${isAnyOf(execution.stageKey, keys)} and ${execution.state} = 'fulfilled'`)
  const edges = await edgesOf(db, keys)
  return fulfilled.map((row) => ({
    kind: 'fulfilment',
    ...row,
    ...edges.get(row.stageKey)!,
  }))
}

export async function attemptFacts(db: LedgerDatabase, keys: readonly Digest[]): Promise<FactOf<'attempt'>[]> {
  const { stageKey, id, number, worker, device, startedAt, endedAt, outcome, failureClass, message } = attempt
  const { workflowId, runId, generated, details } = attempt
  const rows = await db
    .select({
      stageKey,
      id,
      number,
      worker,
      device,
      outcome,
      failureClass,
      message,
      workflowId,
      runId,
      generated,
      details,
      startedAt: timeOf(startedAt),
      endedAt: timeOf(endedAt),
    })
    .from(attempt)
    .where(sql`${isAnyOf(stageKey, keys)} and ${outcome} <> 'running'`)
  return rows.map((row) => ({ kind: 'attempt', ...row, outcome: row.outcome as FactOf<'attempt'>['outcome'] }))
}

async function withdrawalFacts(db: LedgerDatabase, keys: readonly Digest[]): Promise<FactOf<'withdrawal'>[]> {
  const { stageKey, attemptId, fulfilledAt, withdrawnAt, reason, used, generated, measurements } = withdrawal
  const rows = await db
    .select({
      stageKey,
      attemptId,
      reason,
      used,
      generated,
      measurements,
      fulfilledAt: timeOf(fulfilledAt),
      withdrawnAt: timeOf(withdrawnAt),
    })
    .from(withdrawal)
    .where(isAnyOf(stageKey, keys))
  return rows.map((row) => ({ kind: 'withdrawal', ...row }))
}

export async function measurementFacts(db: LedgerDatabase, ids: readonly Digest[]): Promise<FactOf<'measurement'>[]> {
  const { id, configurationId, perturbationKey, stageKey, outcomesDigest, evaluator, flags } = measurement
  const { correct, total, recordedAt } = measurement
  const rows = await db
    .select({
      id,
      configurationId,
      perturbationKey,
      stageKey,
      outcomesDigest,
      evaluator,
      flags,
      correct,
      total,
      recordedAt: timeOf(recordedAt),
    })
    .from(measurement)
    .where(isAnyOf(id, ids))
  return rows.map((row) => ({ kind: 'measurement', ...row }))
}

async function failureFacts(db: LedgerDatabase, studyId: Digest): Promise<FactOf<'failure'>[]> {
  const { configurationId, stage, perturbationKey, stageKey, failureClass, message, evidence } = configurationFailure
  const rows = await db
    .select({ configurationId, stage, perturbationKey, stageKey, failureClass, message, evidence })
    .from(configurationFailure)
    .where(eq(configurationFailure.studyId, studyId))
  return rows.map((row) => ({ kind: 'failure', ...row }))
}

/**
 * The code of these stages, and the artifacts that have one of these roles for them; of the role `all`, every one. In
 * the order of digests.
 */
export async function artifactsByRole(
  db: LedgerDatabase,
  stageKeys: readonly Digest[],
  roles: readonly string[],
): Promise<Digest[]> {
  const isAsked = isAnyOf(sql`stage_key`, stageKeys)
  const isChosen = roles.includes('all') ? sql`true` : isAnyOf(sql`role`, roles)
  const found = await db.execute<{ digest: Digest }>(sql`
    select code_digest as digest from ${execution} where ${isAsked}
    union select digest from ${executionArtifact} where ${isAsked} and ${isChosen}`)
  return found.rows.map(({ digest }) => digest).sort()
}

/** The roles of what these stages used and generated, in order. */
export async function artifactRoles(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<string[]> {
  const { stageKey, role } = executionArtifact
  const ofStages = db.selectDistinct({ role }).from(executionArtifact).where(isAnyOf(stageKey, stageKeys))
  return (await ofStages.orderBy(role)).map((row) => row.role)
}
