import { and, eq, inArray, ne, or, sql } from 'drizzle-orm'
import type { PgInsertValue, PgUpdateSetSource } from 'drizzle-orm/pg-core'
import { stageKey, type Digest, type Json } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { withExecutions, type ExecutionSubject } from './record-execution.ts'
import { attempt as attempts } from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'
import { sortedBy } from '../studies/record-study.ts'

/** One try at a stage, as its worker reports it. */
export interface Attempt {
  /** The same however often this attempt is reported, and another for every other attempt at the stage. */
  readonly id: string
  /** From 1. */
  readonly number: number
  /** Null until a worker has reported. */
  readonly worker: string | null
  readonly device: string | null
  /** ISO 8601, by the worker's clock. */
  readonly startedAt: string
  /** ISO 8601, by the worker's clock; null while it runs or when the worker was lost. */
  readonly endedAt: string | null
  readonly workflowId: string | null
  readonly runId: string | null
  /** What the environment class of the stage stands for; null where the worker did not say. */
  readonly environment: Json
  /** Source revision and whether the tree was dirty, where it resumed, its last progress, … */
  readonly details: Json
}

/** A begin or an end without success. */
export interface AttemptReport extends ExecutionSubject {
  readonly attempt: Attempt
  /** Null while the attempt runs; a success is reported by `fulfilExecution`. */
  readonly failure: { readonly class: string; readonly message: string } | 'cancelled' | null
}

/** Characters of a message that are kept. A longer text belongs in a log artifact. */
const longestMessage = 8192

/**
 * Records that an attempt has begun, has failed or was cancelled. An attempt that is known to have ended stays as it
 * is.
 */
export async function recordAttempt(db: LedgerDatabase, report: AttemptReport): Promise<void> {
  const { attempt, failure } = report
  const key = stageKey(report.identity)
  const failed = failure === null || failure === 'cancelled' ? null : failure
  const recorded = upsertAttempt(db, ['running'], {
    ...columnsOf(key, attempt),
    endedAt: failure === null ? null : endOf(attempt),
    outcome: failure === null ? 'running' : failed ? 'failed' : 'cancelled',
    failureClass: failed?.class ?? null,
    message: failed && storableText(failed.message),
    generated: null,
  })
  const asked = [{ key, subject: report, environment: attempt.environment }]
  await db.execute(sql`with ${withExecutions(db, asked)} ${recorded.getSQL()}`)
}

/** An attempt that begins. */
export interface BegunAttempt extends ExecutionSubject {
  readonly attempt: Attempt
}

/**
 * Records that attempts begin, in one statement. Attempts at these stages that an earlier run of the same workflow left
 * running are over, since a workflow has one run at a time.
 */
export async function beginAttempts(db: LedgerDatabase, begun: readonly BegunAttempt[]): Promise<void> {
  const asked = begun.map((subject) => {
    return { key: stageKey(subject.identity), subject, environment: subject.attempt.environment }
  })
  const rows = asked.map(({ key, subject: { attempt } }) => {
    return { ...columnsOf(key, attempt), endedAt: null, outcome: 'running' as const }
  })
  const sorted = sortedBy(rows, (row) => row.stageKey)
  const ofEarlierRuns = sorted.map((row) =>
    and(
      eq(attempts.stageKey, row.stageKey),
      eq(attempts.workflowId, row.workflowId ?? ''),
      ne(attempts.runId, row.runId ?? ''),
    ),
  )
  const ended = db
    .update(attempts)
    .set({ outcome: 'failed', failureClass: 'WorkerLost', message: abandoned, endedAt: new Date() })
    .where(and(eq(attempts.outcome, 'running'), or(...ofEarlierRuns)))
  const started = db.insert(attempts).values(sorted).onConflictDoNothing()
  await db.execute(sql`with ${withExecutions(db, asked)}, ended as ${ended} ${started.getSQL()}`)
}

const abandoned = 'Its workflow ended without a word.'

/**
 * Writes the row of an attempt. An earlier row of it is replaced only if that has one of the outcomes given. It runs
 * when it is awaited.
 */
export function upsertAttempt(
  db: LedgerDatabase,
  replaceable: readonly (typeof attempts.outcome.enumValues)[number][],
  row: PgInsertValue<typeof attempts> & PgUpdateSetSource<typeof attempts>,
) {
  return db
    .insert(attempts)
    .values(row)
    .onConflictDoUpdate({
      target: [attempts.stageKey, attempts.id],
      set: row,
      setWhere: inArray(attempts.outcome, [...replaceable]),
    })
}

/** What the row of an attempt has whatever its outcome. */
export function columnsOf(stageKey: Digest, attempt: Attempt) {
  const { id, number, worker, device, workflowId, runId, details } = attempt
  return {
    stageKey,
    id,
    number,
    worker,
    device,
    workflowId,
    runId,
    details: documentOf(details),
    startedAt: new Date(attempt.startedAt),
  }
}

/** When an attempt ended, or the present time where its worker could not say. */
export function endOf(attempt: Attempt): Date {
  return attempt.endedAt === null ? new Date() : new Date(attempt.endedAt)
}

/** A message as the ledger keeps it: shortened, and without NUL, which Postgres text cannot hold. */
export function storableText(message: string): string {
  return message.replaceAll('\0', '\uFFFD').slice(0, longestMessage)
}
