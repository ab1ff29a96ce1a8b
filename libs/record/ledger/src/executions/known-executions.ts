import { and, desc, eq, sql } from 'drizzle-orm'
import type { KnownStage, RecallStages } from '@gauntlet/contract'
import type { Digest, StageName } from '@gauntlet/study'
import { knownOutputsOf } from './bridged-stages.ts'
import { executionsWhere, type ExecutionNode } from './execution-graph.ts'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { attempt, bridgedStage, execution } from '../schema/index.ts'

/** A fulfilled stage with everything that its key was made from. */
export type KnownExecution = Omit<ExecutionNode, 'generated'>

/** The last failed attempt at a stage. */
export interface LastFailure {
  readonly failureClass: string
  readonly message: string
}

/** What a stage is about: a backbone, or the dataset of the stage that prepares one. */
export function stageSubject({ parameters }: { readonly parameters: unknown }): string {
  const { backbone, dataset } = parameters as { readonly backbone?: string; readonly dataset?: { readonly id: string } }
  return backbone ?? dataset?.id ?? ''
}

/** The fulfilled executions of a stage that are about one of these subjects (`stageSubject`). */
export async function fulfilledAbout(
  db: LedgerDatabase,
  stage: StageName,
  subjects: readonly string[],
): Promise<KnownExecution[]> {
  const subject = sql`coalesce(${execution.parameters} ->> 'backbone', ${execution.parameters} #>> '{dataset,id}')`
  const about = isAnyOf(subject, subjects)
  const rows = await executionsWhere(
    db,
    and(sql`${execution.stage} = ${stage}`, eq(execution.state, 'fulfilled'), about),
  )
  return rows.map((row) => ({ ...row, fulfilledAt: row.fulfilledAt! }))
}

/** The last failure of each of these stages that has failed and is not fulfilled. */
export async function lastFailures(
  db: LedgerDatabase,
  stageKeys: readonly Digest[],
): Promise<Map<Digest, LastFailure>> {
  const rows = await db
    .selectDistinctOn([attempt.stageKey], {
      stageKey: attempt.stageKey,
      failureClass: attempt.failureClass,
      message: attempt.message,
    })
    .from(attempt)
    .innerJoin(execution, eq(execution.stageKey, attempt.stageKey))
    .where(and(isAnyOf(attempt.stageKey, stageKeys), eq(execution.state, 'open'), eq(attempt.outcome, 'failed')))
    .orderBy(attempt.stageKey, desc(attempt.endedAt))
  return new Map(
    rows.map(({ stageKey, failureClass, message }) => [
      stageKey,
      { failureClass: failureClass!, message: message ?? '' },
    ]),
  )
}

/** Those of these stages of which something may be known: outputs, also by a bridge, or a failure. */
export async function triedStages(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Set<Digest>> {
  const { rows } = await db.execute<{ key: Digest }>(sql`
    select asked.key from unnest(${sql.param([...stageKeys])}::text[]) as asked (key)
    where exists (select from ${execution} where stage_key = asked.key and state = 'fulfilled')
      or exists (select from ${attempt} where stage_key = asked.key and outcome = 'failed')
      or exists (select from ${bridgedStage} where stage_key = asked.key)`)
  return new Set(rows.map(({ key }) => key))
}

/** What is known of each of these stages: its outputs, also by a bridge, or that its last attempt diverged. */
export async function knownStages(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Map<Digest, KnownStage>> {
  const [outputs, failures] = await Promise.all([knownOutputsOf(db, stageKeys), lastFailures(db, stageKeys)])
  const known = new Map<Digest, KnownStage>(outputs)
  for (const [key, { failureClass }] of failures) if (failureClass === 'Diverged') known.set(key, null)
  return known
}

/**
 * Recalls what is known of stages. One whose outputs are not all intact is not known, because the workflow runs it
 * again, too. `intactAmong` gives those of these artifacts that the store has.
 */
export function recallIntact(
  db: LedgerDatabase,
  intactAmong: (digests: readonly Digest[]) => Promise<ReadonlySet<Digest>>,
): RecallStages {
  return async (keys) => {
    const known = await knownStages(db, keys)
    const digestsOf = (outputs: KnownStage) => Object.values(outputs ?? {}).map(({ digest }) => digest)
    const intact = await intactAmong([...known.values()].flatMap(digestsOf))
    return new Map([...known].filter(([, outputs]) => digestsOf(outputs).every((digest) => intact.has(digest))))
  }
}
