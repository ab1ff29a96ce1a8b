import { and, eq } from 'drizzle-orm'
import type { Digest, Json } from '@gauntlet/study'
import { lockExecution } from './lock-execution.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { storableText } from './record-attempt.ts'
import { attempt, execution, executionArtifact, measurement, withdrawal } from '../schema/index.ts'

/**
 * Opens a fulfilled stage again. This is for a stage whose outputs no store has any more, when a new attempt made other
 * bytes: it would otherwise stay without a result for ever. Its attempt, its lineage and the measurements of the lost
 * outcomes are kept as a withdrawal.
 */
export async function withdrawFulfilment(db: LedgerDatabase, stageKey: Digest, reason: string): Promise<void> {
  await db.transaction(async (transaction) => {
    await lockExecution(transaction, stageKey)
    const message = storableText(reason)
    const fulfilment = and(eq(attempt.stageKey, stageKey), eq(attempt.outcome, 'fulfilled'))
    const [withdrawn] = await transaction
      .update(attempt)
      .set({ outcome: 'withdrawn', message })
      .where(fulfilment)
      .returning({ id: attempt.id })
    if (!withdrawn) return
    const [fulfilled] = await transaction
      .select({ at: execution.fulfilledAt })
      .from(execution)
      .where(eq(execution.stageKey, stageKey))
    const measurements = await transaction.delete(measurement).where(eq(measurement.stageKey, stageKey)).returning()
    const edges = await transaction
      .delete(executionArtifact)
      .where(eq(executionArtifact.stageKey, stageKey))
      .returning()
    await transaction.insert(withdrawal).values({
      stageKey,
      attemptId: withdrawn.id,
      fulfilledAt: fulfilled!.at!,
      reason: message,
      used: byRole(edges, 'used'),
      generated: byRole(edges, 'generated'),
      measurements: measurements as unknown as Json[],
    })
    await transaction
      .update(execution)
      .set({ state: 'open', fulfilledAt: null })
      .where(eq(execution.stageKey, stageKey))
  })
}

function byRole(
  edges: readonly (typeof executionArtifact.$inferSelect)[],
  direction: 'used' | 'generated',
): Record<string, Digest> {
  const chosen = edges.filter((edge) => edge.direction === direction)
  return Object.fromEntries(chosen.map(({ role, digest }) => [role, digest]))
}
