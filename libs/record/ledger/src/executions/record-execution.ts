import { and, eq, isNull } from 'drizzle-orm'
import { stageKey, type Digest, type Json, type StageIdentity } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { environment, execution } from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'

/** The stage an attempt belongs to. */
export interface ExecutionSubject {
  readonly identity: StageIdentity
  /** Null for a stage shared by many configurations. */
  readonly configurationId: Digest | null
}

/** Makes sure that the execution of a stage exists and that its environment is described. Returns the stage's key. */
export async function recordExecution(
  db: LedgerDatabase,
  subject: ExecutionSubject,
  environmentDocument: Json,
): Promise<Digest> {
  const { stage, codeDigest, environmentClass, parameters, seed, inputs } = subject.identity
  const key = stageKey(subject.identity)
  await describeEnvironment(db, environmentClass, environmentDocument)
  await db
    .insert(execution)
    .values({
      stageKey: key,
      stage,
      configurationId: subject.configurationId,
      parameters: documentOf(parameters),
      seed,
      codeDigest,
      environmentClass,
      inputs,
    })
    .onConflictDoNothing()
  return key
}

/** Keeps the first description only. An unconditional update would make every transaction wait for this one row. */
async function describeEnvironment(db: LedgerDatabase, environmentClass: Digest, document: Json): Promise<void> {
  await db.insert(environment).values({ class: environmentClass, document }).onConflictDoNothing()
  if (document === null) return
  await db
    .update(environment)
    .set({ document })
    .where(and(eq(environment.class, environmentClass), isNull(environment.document)))
}
