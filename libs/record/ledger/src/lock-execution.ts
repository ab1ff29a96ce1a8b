import { eq } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import type { LedgerDatabase } from './open-ledger.ts'
import { execution } from './schema/index.ts'

/** Whoever fulfils or withdraws a stage waits here until the one before has committed. */
export async function lockExecution(db: LedgerDatabase, stageKey: Digest): Promise<void> {
  await db.select({ key: execution.stageKey }).from(execution).where(eq(execution.stageKey, stageKey)).for('update')
}
