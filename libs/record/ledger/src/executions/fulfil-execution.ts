import { and, eq, sql } from 'drizzle-orm'
import type { ArtifactsByRole, Digest, StageIdentity } from '@gauntlet/study'
import { fulfilledOutputs } from './fulfilled-outputs.ts'
import { LineageBroken } from './lineage-broken.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { lockExecution } from './lock-execution.ts'
import { columnsOf, endOf, upsertAttempt, type Attempt } from './record-attempt.ts'
import { recordExecution, type ExecutionSubject } from './record-execution.ts'
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
  return db.transaction(async (transaction) => {
    const key = await recordExecution(transaction, report, report.attempt.environment)
    await recordArtifacts(transaction, [...Object.values(report.used), ...Object.values(report.generated)])
    await lockExecution(transaction, key)
    const standingOutputs = await fulfilledOutputs(transaction, key)
    if (standingOutputs === null) return fulfilFirst(transaction, key, report)
    const standing = await standingOf(transaction, key, report, standingOutputs)
    if (standing !== 'repeated') await writeAttempt(transaction, key, report, 'superseded')
    return { standing, outputs: standingOutputs }
  })
}

async function fulfilFirst(db: LedgerDatabase, key: Digest, report: FulfilmentReport): Promise<Fulfilment> {
  const edges = [...edgeRows(key, 'used', report.used), ...edgeRows(key, 'generated', report.generated)]
  if (edges.length > 0) await db.insert(executionArtifact).values(edges)
  await db
    .update(execution)
    .set({ state: 'fulfilled', fulfilledAt: sql`clock_timestamp()` })
    .where(eq(execution.stageKey, key))
  await writeAttempt(db, key, report, 'fulfilled')
  return { standing: 'first', outputs: report.generated }
}

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

async function writeAttempt(
  db: LedgerDatabase,
  key: Digest,
  report: FulfilmentReport,
  outcome: 'fulfilled' | 'superseded',
): Promise<void> {
  const generated = Object.fromEntries(Object.entries(report.generated).map(([role, { digest }]) => [role, digest]))
  const ended = { endedAt: endOf(report.attempt), outcome, failureClass: null, message: null, generated }
  // A row that says `failed` may be of an attempt that was taken for lost and still succeeded. One that says
  // `superseded` may fulfil the stage after a withdrawal.
  await upsertAttempt(db, ['running', 'failed', 'superseded'], { ...columnsOf(key, report.attempt), ...ended })
}

async function recordArtifacts(db: LedgerDatabase, references: readonly ArtifactsByRole[string][]): Promise<void> {
  const rows = sortedBy(
    [...new Map(references.map((reference) => [reference.digest, reference])).values()],
    (row) => row.digest,
  )
  const values = rows.map(({ digest, size, mediaType }) => ({ digest, size, mediaType }))
  if (values.length > 0) await db.insert(artifact).values(values).onConflictDoNothing()
}

function edgeRows(stageKey: Digest, direction: 'used' | 'generated', artifacts: ArtifactsByRole) {
  return Object.entries(artifacts).map(([role, { digest }]) => ({ stageKey, direction, role, digest }))
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
