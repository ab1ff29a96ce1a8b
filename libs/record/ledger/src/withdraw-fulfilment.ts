import { and, eq } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { lockExecution } from './lock-execution.ts'
import type { LedgerDatabase } from './open-ledger.ts'
import { storableText } from './record-attempt.ts'
import { attempt, execution, executionArtifact, measurement } from './schema/index.ts'

/**
 * Opens a fulfilled stage again. This is for a stage whose outputs no store has any more, when a new attempt made other
 * bytes: it would otherwise stay without a result for ever. The attempt is kept, with the digests of what it made;
 * measurements of the lost outcomes are deleted.
 */
export async function withdrawFulfilment(db: LedgerDatabase, stageKey: Digest, reason: string): Promise<void> {
  await db.transaction(async (transaction) => {
    await lockExecution(transaction, stageKey)
    await transaction
      .update(attempt)
      .set({ outcome: 'withdrawn', message: storableText(reason) })
      .where(and(eq(attempt.stageKey, stageKey), eq(attempt.outcome, 'fulfilled')))
    await transaction.delete(measurement).where(eq(measurement.stageKey, stageKey))
    await transaction.delete(executionArtifact).where(eq(executionArtifact.stageKey, stageKey))
    await transaction
      .update(execution)
      .set({ state: 'open', fulfilledAt: null })
      .where(eq(execution.stageKey, stageKey))
  })
}
