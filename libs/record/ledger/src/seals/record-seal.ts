import { desc, eq, sql } from 'drizzle-orm'
import type { ArtifactReference, Digest, Json } from '@gauntlet/study'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { recordKeys } from './study-facts.ts'
import { artifact, execution, executionArtifact, seal } from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'

/** A seal as the ledger has it. */
export interface RecordedSeal {
  readonly digest: Digest
  readonly studyId: Digest
  readonly origin: 'made' | 'imported'
  readonly document: Json
  readonly envelope: Json
  /** Null for an earlier seal that came with an import. */
  readonly leavesDigest: Digest | null
}

/** A seal that is to be recorded. */
export type NewSeal = Omit<RecordedSeal, 'leavesDigest'> & {
  readonly leaves: ArtifactReference | null
}

/**
 * Records a seal, whose list of leaves the store has. Recording it again changes nothing, but that an imported seal
 * gets this list, which must name all that the one before it named.
 */
export async function recordSeal(
  db: LedgerDatabase,
  { leaves, document, envelope, ...identity }: NewSeal,
): Promise<void> {
  await db.transaction(async (transaction) => {
    if (leaves) await transaction.insert(artifact).values(leaves).onConflictDoNothing()
    const inserted = transaction.insert(seal).values({
      ...identity,
      recordedAt: sql`clock_timestamp()`, // several may come in one transaction
      document: documentOf(document),
      envelope: documentOf(envelope),
      leavesDigest: leaves?.digest ?? null,
    })
    const isImported = eq(seal.origin, 'imported')
    await (leaves
      ? inserted.onConflictDoUpdate({ target: seal.digest, set: { leavesDigest: leaves.digest }, setWhere: isImported })
      : inserted.onConflictDoNothing())
  })
}

/**
 * Runs `work` while nobody else seals or imports this study, so that each seal names the one before it, and each list
 * of leaves names what that before it did.
 */
export function whileSealing<Result>(
  db: LedgerDatabase,
  studyId: Digest,
  work: () => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtext(${`seal ${studyId}`}))`)
    return work()
  })
}

/** The seals of a study, the last one first. */
export function sealsOf(db: LedgerDatabase, studyId: Digest): Promise<RecordedSeal[]> {
  const { digest, origin, document, envelope, leavesDigest, recordedAt } = seal
  return db
    .select({ digest, studyId: seal.studyId, origin, document, envelope, leavesDigest })
    .from(seal)
    .where(eq(seal.studyId, studyId))
    .orderBy(desc(recordedAt), digest)
}

/** The time of the ledger, ISO 8601. */
export async function ledgerTime(db: LedgerDatabase): Promise<string> {
  const { rows } = await db.execute<{ now: Date | string }>(sql`select clock_timestamp() as now`)
  return new Date(rows[0]!.now).toISOString()
}

/** Every artifact that a sealed study rests on: code, inputs and outputs of each stage of its record. */
export async function sealedArtifacts(db: LedgerDatabase): Promise<Set<Digest>> {
  const found = new Set<Digest>()
  for (const { studyId } of await db.selectDistinct({ studyId: seal.studyId }).from(seal)) {
    const isRecorded = isAnyOf(sql`stage_key`, (await recordKeys(db, studyId)).stageKeys)
    const cited = await db.execute<{ digest: Digest }>(sql`
      select digest from ${executionArtifact} where ${isRecorded}
      union select code_digest from ${execution} where ${isRecorded}
      union select leaves_digest from ${seal} where study_id = ${studyId} and leaves_digest is not null`)
    for (const { digest } of cited.rows) found.add(digest)
  }
  return found
}
