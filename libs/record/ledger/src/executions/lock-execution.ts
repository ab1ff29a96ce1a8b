import { eq } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { execution } from '../schema/index.ts'

/** Locks the execution of a stage until the transaction ends, so that fulfilments and withdrawals of it take turns. */
export async function lockExecution(db: LedgerDatabase, stageKey: Digest): Promise<void> {
  await db.select({ key: execution.stageKey }).from(execution).where(eq(execution.stageKey, stageKey)).for('update')
}
