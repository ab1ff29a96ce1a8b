import { sql, type SQL } from 'drizzle-orm'
import type { Digest, Json, StageIdentity } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { environment, execution } from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'
import { sortedBy } from '../studies/record-study.ts'

/** The stage an attempt belongs to. */
export interface ExecutionSubject {
  readonly identity: StageIdentity
  /** Null for a stage shared by many configurations. */
  readonly configurationId: Digest | null
}

/**
 * The parts of a statement that make sure that these executions exist and that their environments are described. The
 * statement is one round to Postgres; a transaction of its parts would be one for each of them.
 */
export function withExecutions(db: LedgerDatabase, asked: readonly AskedExecution[]): SQL {
  const rows = sortedBy(asked.map(rowOf), (row) => row.stageKey)
  const environments = new Map(
    asked.map(({ subject, environment: document }) => [subject.identity.environmentClass, document]),
  )
  const described = sql.join(
    [...environments].map(
      ([name, document]) => sql`(${name}::text, ${document === null ? null : JSON.stringify(document)}::jsonb)`,
    ),
    sql`, `,
  )
  return sql`described as (
      insert into ${environment} (class, document)
      select told.class, told.document from (values ${described}) as told (class, document)
      where not exists (
        select from ${environment} known
        where known.class = told.class and (known.document is not null or told.document is null))
      on conflict (class) do update set document = excluded.document where ${environment.document} is null
    ), asked as ${db.insert(execution).values(rows).onConflictDoNothing()}`
}

/** An execution that may be new, and what its environment class stands for. */
export interface AskedExecution {
  /** The key of the subject's identity. */
  readonly key: Digest
  readonly subject: ExecutionSubject
  readonly environment: Json
}

function rowOf({ key, subject: { identity, configurationId } }: AskedExecution) {
  const { stage, codeDigest, environmentClass, parameters, seed, inputs } = identity
  return {
    stageKey: key,
    stage,
    configurationId,
    parameters: documentOf(parameters),
    seed,
    codeDigest,
    environmentClass,
    inputs,
  }
}
