import { eq, sql, type SQL } from 'drizzle-orm'
import type { Digest, Json, StageName } from '@gauntlet/study'
import { lineageOf } from './lineage.ts'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { environment, execution, executionArtifact } from '../schema/index.ts'

/** A fulfilled stage with everything that its key was made from, and the bytes that it made. */
export interface ExecutionNode {
  readonly stageKey: Digest
  readonly stage: StageName
  readonly codeDigest: Digest
  readonly environmentClass: Digest
  readonly environment: Json
  readonly parameters: Json
  readonly seed: number
  /** Digest of each input by role. */
  readonly inputs: Readonly<Record<string, Digest>>
  /** Digest of each output by role. */
  readonly generated: Readonly<Record<string, Digest>>
  readonly fulfilledAt: Date
}

/** The executions with these keys and all that they rest on, by key: three queries, however many there are. */
export async function executionGraph(
  db: LedgerDatabase,
  stageKeys: readonly Digest[],
): Promise<Map<Digest, ExecutionNode>> {
  if (stageKeys.length === 0) return new Map()
  const keys = await lineageOf(db, stageKeys)
  const [rows, made] = await Promise.all([
    executionsWhere(db, isAnyOf(execution.stageKey, keys)),
    generatedOf(db, keys),
  ])
  const generated = new Map<Digest, Record<string, Digest>>()
  for (const { stageKey, role, digest } of made)
    generated.set(stageKey, { ...generated.get(stageKey), [role]: digest as Digest })
  return new Map(
    rows.map(({ fulfilledAt, ...row }) => [
      row.stageKey,
      { ...row, fulfilledAt: fulfilledAt!, generated: generated.get(row.stageKey) ?? {} },
    ]),
  )
}

/** Executions with everything that their keys were made from. */
export function executionsWhere(db: LedgerDatabase, condition: SQL | undefined) {
  const { stageKey, stage, codeDigest, environmentClass, parameters, seed, inputs, fulfilledAt } = execution
  return db
    .select({
      stageKey,
      stage,
      codeDigest,
      environmentClass,
      environment: environment.document,
      parameters,
      seed,
      inputs,
      fulfilledAt,
    })
    .from(execution)
    .innerJoin(environment, eq(environment.class, environmentClass))
    .where(condition)
}

function generatedOf(db: LedgerDatabase, keys: readonly Digest[]) {
  const { stageKey, role, digest, direction } = executionArtifact
  return db
    .select({ stageKey, role, digest })
    .from(executionArtifact)
    .where(sql`${isAnyOf(stageKey, keys)} and ${direction} = 'generated'`)
}
