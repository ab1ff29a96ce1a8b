import type {
  ArtifactReference,
  ArtifactsByRole,
  Configuration,
  Digest,
  Json,
  Perturbation,
  StageIdentity,
  EvaluationFlag,
} from '@gauntlet/study'
import { configurationId, evaluatorLabel } from '@gauntlet/study'
import { sql, type SQL } from 'drizzle-orm'
import type { LedgerDatabase } from './database/open-ledger.ts'
import { measurementId } from './executions/record-measurement.ts'
import { perturbationKey } from './studies/record-study.ts'

/** A stage as if it had run: rows of thousands are written in one statement, which attempts one by one could not be. */
export interface SimulatedStage {
  readonly stageKey: Digest
  readonly identity: StageIdentity
  /** Null for a stage that several configurations share. */
  readonly configurationId: Digest | null
  readonly used: ArtifactsByRole
  readonly generated: ArtifactsByRole
}

/** A number as if it had been counted. */
export interface SimulatedNumber {
  readonly configuration: Configuration
  readonly perturbation: Perturbation
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly correct: number
  readonly total: number
  readonly flags: readonly EvaluationFlag[]
}

const rowsPerStatement = 5_000

async function insertAll<Row>(rows: readonly Row[], insert: (json: SQL) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsPerStatement)
    await insert(sql`${JSON.stringify(rows.slice(from, from + rowsPerStatement))}::jsonb`)
}

/**
 * Writes stages as fulfilled, each by one attempt on `worker-1`; also those that a killed program left open. Who reads
 * meanwhile sees none of them or all, each with its artifacts, as of stages that have run.
 */
export async function insertStages(
  db: LedgerDatabase,
  stages: readonly SimulatedStage[],
  environment: Json,
  fulfilledAt = '2026-01-01T00:00:10Z',
): Promise<void> {
  await db.transaction(async (transaction) => {
    await insertEnvironments(transaction, stages, environment)
    await insertArtifacts(transaction, stages)
    await insertExecutions(transaction, stages, fulfilledAt)
    await insertEdges(transaction, stages)
    await insertAttempts(transaction, stages, fulfilledAt)
  })
}

function insertEnvironments(db: LedgerDatabase, stages: readonly SimulatedStage[], document: Json): Promise<void> {
  const classes = [...new Set(stages.map(({ identity }) => identity.environmentClass))]
  return insertAll(
    classes.map((name) => ({ name, document })),
    (rows) =>
      db.execute(sql`insert into environment (class, document)
      select name, document from jsonb_to_recordset(${rows}) as r(name text, document jsonb) on conflict do nothing`),
  )
}

function insertArtifacts(db: LedgerDatabase, stages: readonly SimulatedStage[]): Promise<void> {
  const references = stages.flatMap(({ used, generated }): ArtifactReference[] => [
    ...Object.values(used),
    ...Object.values(generated),
  ])
  return insertAll([...new Map(references.map((each) => [each.digest, each])).values()], (rows) =>
    db.execute(sql`insert into artifact (digest, size, media_type)
      select digest, size, "mediaType" from jsonb_to_recordset(${rows}) as r(digest text, size bigint, "mediaType" text)
      on conflict do nothing`),
  )
}

function insertExecutions(db: LedgerDatabase, stages: readonly SimulatedStage[], fulfilledAt: string): Promise<void> {
  return insertAll(
    stages.map(({ stageKey, configurationId: id, identity }) => ({ ...identity, stageKey, id })),
    (rows) =>
      db.execute(sql`
      insert into execution (stage_key, stage, configuration_id, code_digest, environment_class, parameters, seed, inputs,
        state, fulfilled_at)
      select "stageKey", stage, id, "codeDigest", "environmentClass", parameters, seed, inputs, 'fulfilled',
        ${fulfilledAt}::timestamptz
      from jsonb_to_recordset(${rows}) as r("stageKey" text, stage text, id text, "codeDigest" text,
        "environmentClass" text, parameters jsonb, seed bigint, inputs jsonb)
      on conflict (stage_key) do update set state = excluded.state, fulfilled_at = excluded.fulfilled_at
      where execution.state = 'open'`),
  )
}

function insertEdges(db: LedgerDatabase, stages: readonly SimulatedStage[]): Promise<void> {
  const edges = stages.flatMap(({ stageKey, used, generated }) =>
    Object.entries({ used, generated }).flatMap(([direction, byRole]) =>
      Object.entries(byRole).map(([role, { digest }]) => ({ key: stageKey, direction, role, digest })),
    ),
  )
  return insertAll(edges, (rows) =>
    db.execute(sql`insert into execution_artifact (stage_key, direction, role, digest)
      select key, direction, role, digest
      from jsonb_to_recordset(${rows}) as r(key text, direction text, role text, digest text) on conflict do nothing`),
  )
}

function insertAttempts(db: LedgerDatabase, stages: readonly SimulatedStage[], endedAt: string): Promise<void> {
  const attempts = stages.map(({ stageKey, generated }) => ({
    key: stageKey,
    generated: Object.fromEntries(Object.entries(generated).map(([role, { digest }]) => [role, digest])),
  }))
  return insertAll(attempts, (rows) =>
    db.execute(sql`
      insert into attempt (stage_key, id, number, worker, device, started_at, ended_at, outcome, generated, details)
      select key, 'once', 1, 'worker-1', 'cpu', ${endedAt}::timestamptz - interval '10 s', ${endedAt}::timestamptz,
        'fulfilled', generated, 'null'::jsonb
      from jsonb_to_recordset(${rows}) as r(key text, generated jsonb) on conflict do nothing`),
  )
}

/** Writes numbers, and gives their ids. */
export async function insertNumbers(db: LedgerDatabase, numbers: readonly SimulatedNumber[]): Promise<Digest[]> {
  const rows = numbers.map(({ configuration, perturbation, ...counted }) => {
    const id = configurationId(configuration)
    return {
      id: measurementId({ configurationId: id, perturbation, stageKey: counted.stageKey }),
      configuration: id,
      perturbation: perturbationKey(perturbation),
      evaluator: evaluatorLabel(perturbation),
      ...counted,
    }
  })
  await insertAll(rows, (json) =>
    db.execute(sql`
      insert into measurement (id, configuration_id, perturbation_key, stage_key, outcomes_digest, evaluator, flags,
        correct, total)
      select id, configuration, perturbation, "stageKey", "outcomesDigest", evaluator, flags, correct, total
      from jsonb_to_recordset(${json}) as r(id text, configuration text, perturbation text, "stageKey" text,
        "outcomesDigest" text, evaluator text, flags jsonb, correct int, total int)
      on conflict (id) do update set confirmed_at = clock_timestamp()`),
  )
  return rows.map(({ id }) => id)
}
