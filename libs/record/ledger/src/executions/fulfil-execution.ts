import { and, eq, inArray, sql } from 'drizzle-orm'
import { stageKey, type ArtifactsByRole, type Digest, type StageIdentity } from '@gauntlet/study'
import { fulfilledOutputs } from './fulfilled-outputs.ts'
import { LineageBroken } from './lineage-broken.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { lockExecution } from './lock-execution.ts'
import { columnsOf, endOf, upsertAttempt, type Attempt } from './record-attempt.ts'
import { withExecutions, type ExecutionSubject } from './record-execution.ts'
import { sortedBy } from '../studies/record-study.ts'
import { artifact, attempt as attempts, execution, executionArtifact } from '../schema/index.ts'

/** A success as a worker reports it. */
export interface FulfilmentReport extends ExecutionSubject {
  readonly attempt: Attempt
  /** What the stage read: every input of its identity, and what it resumed from. */
  readonly used: ArtifactsByRole
  readonly generated: ArtifactsByRole
}

/**
 * How a success relates to what was known. `first`: it fulfilled the stage. `repeated`: the same report came again.
 * `confirmed`: another attempt made the same bytes. `contradicted`: an attempt made other bytes, so the stage is not
 * reproducible.
 */
export type Standing = 'first' | 'repeated' | 'confirmed' | 'contradicted'

/** What became of a success. */
export interface Fulfilment {
  readonly standing: Standing
  /** The outputs that stand, which are those of the first fulfilment. */
  readonly outputs: ArtifactsByRole
}

/**
 * Records that an attempt has succeeded. The first fulfilment of a key stands; later ones are kept as superseded
 * attempts.
 */
export async function fulfilExecution(db: LedgerDatabase, report: FulfilmentReport): Promise<Fulfilment> {
  requireInputs(report.identity, report.used)
  const key = stageKey(report.identity)
  if (await fulfilFirst(db, key, report)) return { standing: 'first', outputs: report.generated }
  return db.transaction(async (transaction) => {
    const asked = withExecutions(transaction, [{ key, subject: report, environment: report.attempt.environment }])
    await transaction.execute(sql`with ${asked} select`)
    await lockExecution(transaction, key)
    const standingOutputs = await fulfilledOutputs(transaction, key)
    if (standingOutputs === null) {
      await fulfilFirst(transaction, key, report)
      return { standing: 'first', outputs: report.generated }
    }
    const standing = await standingOf(transaction, key, report, standingOutputs)
    await upsertAttempt(transaction, replaceable, superseded(key, report))
    return { standing, outputs: standingOutputs }
  })
}

/**
 * Fulfils a stage that is known and open, in one statement: its edges and its attempt are written with the change of
 * its state, or not at all. False where it is not known, or another attempt was first.
 */
async function fulfilFirst(db: LedgerDatabase, key: Digest, report: FulfilmentReport): Promise<boolean> {
  const { used, generated } = report
  const references = [...Object.values(used), ...Object.values(generated)]
  const distinct = [...new Map(references.map((reference) => [reference.digest, reference])).values()]
  const artifacts = sortedBy(distinct, (row) => row.digest)
  const edges = [...edgeRows('used', used), ...edgeRows('generated', generated)]
  const { id, number, worker, device, workflowId, runId, startedAt, details } = report.attempt
  const won = db
    .update(execution)
    .set({ state: 'fulfilled', fulfilledAt: sql`clock_timestamp()` })
    .where(and(eq(execution.stageKey, key), eq(execution.state, 'open')))
    .returning({ key: sql<Digest>`${execution.stageKey}`.as('key') })
  const { rowCount } = await db.execute(sql`with won as ${won}, known as (
      insert into ${artifact} (digest, size, media_type)
      select digest, size, "mediaType"
      from jsonb_to_recordset(${JSON.stringify(artifacts)}) as told (digest text, size bigint, "mediaType" text)
      on conflict do nothing
    ), joined as (
      insert into ${executionArtifact} (stage_key, direction, role, digest)
      select won.key, edge.direction, edge.role, edge.digest
      from won, jsonb_to_recordset(${JSON.stringify(edges)}) as edge (direction text, role text, digest text)
    ), tried as (
      insert into ${attempts} (stage_key, id, number, worker, device, workflow_id, run_id, details, started_at,
        ended_at, outcome, generated)
      select won.key, ${id}, ${number}::int, ${worker}, ${device}, ${workflowId}, ${runId},
        ${JSON.stringify(details)}::jsonb, ${startedAt}::timestamptz, ${endOf(report.attempt).toISOString()}::timestamptz,
        'fulfilled', ${JSON.stringify(digestsOf(generated))}::jsonb
      from won
      on conflict (stage_key, id) do update set number = excluded.number, worker = excluded.worker,
        device = excluded.device, workflow_id = excluded.workflow_id, run_id = excluded.run_id,
        details = excluded.details, started_at = excluded.started_at, ended_at = excluded.ended_at,
        outcome = excluded.outcome, failure_class = null, message = null, generated = excluded.generated
      where ${inArray(attempts.outcome, [...replaceable])}
    ) select key from won`)
  return rowCount === 1
}

/**
 * A row that says `failed` may be of an attempt that was taken for lost and still succeeded. One that says `superseded`
 * may fulfil the stage after a withdrawal.
 */
const replaceable = ['running', 'failed', 'superseded'] as const

async function standingOf(
  db: LedgerDatabase,
  key: Digest,
  report: FulfilmentReport,
  outputs: ArtifactsByRole,
): Promise<Standing> {
  const roles = new Set([...Object.keys(outputs), ...Object.keys(report.generated)])
  if ([...roles].some((role) => outputs[role]?.digest !== report.generated[role]?.digest)) return 'contradicted'
  const winner = and(eq(attempts.stageKey, key), eq(attempts.id, report.attempt.id), eq(attempts.outcome, 'fulfilled'))
  return (await db.$count(attempts, winner)) > 0 ? 'repeated' : 'confirmed'
}

function superseded(key: Digest, { attempt, generated }: FulfilmentReport) {
  const ended = { endedAt: endOf(attempt), outcome: 'superseded' as const, failureClass: null, message: null }
  return { ...columnsOf(key, attempt), ...ended, generated: digestsOf(generated) }
}

function digestsOf(artifacts: ArtifactsByRole): Record<string, Digest> {
  return Object.fromEntries(Object.entries(artifacts).map(([role, { digest }]) => [role, digest]))
}

function edgeRows(direction: 'used' | 'generated', artifacts: ArtifactsByRole) {
  return Object.entries(artifacts).map(([role, { digest }]) => ({ direction, role, digest }))
}

/** Refuses a report whose inputs are not those that the key was computed from. */
function requireInputs(identity: StageIdentity, used: ArtifactsByRole): void {
  for (const [role, digest] of Object.entries(identity.inputs)) {
    if (used[role]?.digest === digest) continue
    const found = used[role] === undefined ? 'nothing' : used[role].digest
    throw new LineageBroken(
      `${identity.stage} was keyed with ${role} ${digest} but reports to have used ${found}; report the artifact it read.`,
    )
  }
}
