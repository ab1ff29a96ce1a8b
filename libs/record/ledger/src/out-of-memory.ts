import { and, eq, sql } from 'drizzle-orm'
import type { Configuration, Digest } from '@gauntlet/study'
import type { LedgerDatabase } from './open-ledger.ts'
import { attempt, execution } from './schema/index.ts'

/**
 * The smallest micro-batch at which fine-tuning of such a configuration ran out of memory; null where none is known.
 */
export type OutOfMemoryFacts = (configuration: Configuration) => number | null

/**
 * What is known of fine-tuning that ran out of memory in an environment. A micro-batch at which the same, or a larger
 * one, has been fulfilled since does not count. Configurations are alike in this where backbone, head, resolution, loss
 * and what is trained are.
 */
export async function outOfMemoryFacts(db: LedgerDatabase, environmentClass: Digest): Promise<OutOfMemoryFacts> {
  const tuned = and(eq(execution.stage, 'fine-tune'), eq(execution.environmentClass, environmentClass))
  const ranOut = await db
    .select({ parameters: execution.parameters, at: attempt.endedAt })
    .from(execution)
    .innerJoin(attempt, eq(attempt.stageKey, execution.stageKey))
    .where(and(tuned, eq(attempt.failureClass, 'OutOfMemory')))
  if (ranOut.length === 0) return () => null
  const fulfilled = await db
    .select({ parameters: execution.parameters, at: execution.fulfilledAt })
    .from(execution)
    .where(and(tuned, eq(execution.state, 'fulfilled'), sql`${execution.fulfilledAt} >= ${earliest(ranOut)}`))
  const [failures, successes] = [ranOut.map(readFact), fulfilled.map(readFact)]
  return ({ backbone, dataset, loss, protocol }) => {
    const workload = workloadOf(backbone.id, dataset.resolution, dataset.classes, loss, protocol.trains)
    const own = (facts: readonly Fact[]) => facts.filter((fact) => fact.workload === workload)
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

/** The parameters of fine-tune, as its identity has them. */
interface FineTuneParameters {
  readonly backbone: string
  readonly resolution: number
  readonly classes: number
  readonly loss: string
  readonly protocol: { readonly trains: string }
  readonly hyperparameters: { readonly microBatch: number }
}

function readFact({ parameters, at }: { readonly parameters: unknown; readonly at: Date | null }): Fact {
  const { backbone, resolution, classes, loss, protocol, hyperparameters } = parameters as FineTuneParameters
  const workload = workloadOf(backbone, resolution, classes, loss, protocol.trains)
  return { workload, microBatch: hyperparameters.microBatch, at: at?.getTime() ?? 0 }
}

function workloadOf(...parts: readonly (string | number)[]): string {
  return parts.join(' ')
}

function earliest(rows: readonly { readonly at: Date | null }[]): string {
  return new Date(Math.min(...rows.map(({ at }) => at?.getTime() ?? 0))).toISOString()
}
