import { and, eq, sql } from 'drizzle-orm'
import type { OutOfMemoryFacts } from '@gauntlet/contract'
import type { Configuration, Digest } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { attempt, configuration, execution } from '../schema/index.ts'

/**
 * What is known of fine-tuning that ran out of memory in an environment. A micro-batch at which the same, or a larger
 * one, has been fulfilled since does not count. Configurations are alike in this where backbone, head, resolution, loss
 * and what is trained are.
 */
export async function outOfMemoryFacts(db: LedgerDatabase, environmentClass: Digest): Promise<OutOfMemoryFacts> {
  const fineTuned = and(eq(execution.stage, 'fine-tune'), eq(execution.environmentClass, environmentClass))
  const fact = { tuned: configuration.document, parameters: execution.parameters }
  const ranOut = await db
    .select({ ...fact, at: attempt.endedAt })
    .from(execution)
    .innerJoin(configuration, eq(configuration.id, execution.configurationId))
    .innerJoin(attempt, eq(attempt.stageKey, execution.stageKey))
    .where(and(fineTuned, eq(attempt.failureClass, 'OutOfMemory')))
  if (ranOut.length === 0) return () => null
  const fulfilled = await db
    .select({ ...fact, at: execution.fulfilledAt })
    .from(execution)
    .innerJoin(configuration, eq(configuration.id, execution.configurationId))
    .where(and(fineTuned, eq(execution.state, 'fulfilled'), sql`${execution.fulfilledAt} >= ${earliest(ranOut)}`))
  const [failures, successes] = [ranOut.map(readFact), fulfilled.map(readFact)]
  return (asked) => {
    const own = (facts: readonly Fact[]) => facts.filter(({ workload }) => workload === workloadOf(asked))
    const since = own(successes)
    const standing = own(failures).filter(
      (failure) => !since.some(({ microBatch, at }) => microBatch >= failure.microBatch && at > failure.at),
    )
    return standing.length === 0 ? null : Math.min(...standing.map(({ microBatch }) => microBatch))
  }
}

interface Fact {
  readonly workload: string
  readonly microBatch: number
  readonly at: number
}

interface FactRow {
  readonly tuned: Configuration
  readonly parameters: unknown
  readonly at: Date | null
}

function readFact({ tuned, parameters, at }: FactRow): Fact {
  const { hyperparameters } = parameters as { readonly hyperparameters: { readonly microBatch: number } }
  return { workload: workloadOf(tuned), microBatch: hyperparameters.microBatch, at: at?.getTime() ?? 0 }
}

/** What the memory of fine-tuning depends on beside the micro-batch. */
function workloadOf({ backbone, dataset, loss, protocol }: Configuration): string {
  return [backbone.id, dataset.resolution, dataset.classes, loss, protocol.trains].join(' ')
}

function earliest(rows: readonly { readonly at: Date | null }[]): string {
  return new Date(Math.min(...rows.map(({ at }) => at?.getTime() ?? 0))).toISOString()
}
