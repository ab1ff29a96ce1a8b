import { desc, eq, or, sql } from 'drizzle-orm'
import type { Digest, Json } from '@gauntlet/study'
import type { LedgerDatabase } from './open-ledger.ts'
import { importedStudy, study } from './schema/index.ts'
import { StudyUnknown } from './study-unknown.ts'

/** A study as the ledger has it. */
export interface RecordedStudy {
  readonly id: Digest
  readonly name: string
  readonly document: Json
  /** ISO 8601. */
  readonly createdAt: string
}

/** The study with this id, or the last one recorded under this name. Throws `StudyUnknown`. */
export async function findStudy(db: LedgerDatabase, nameOrId: string): Promise<RecordedStudy> {
  const [found] = await db
    .select({ id: study.id, name: study.name, document: study.document, createdAt: study.createdAt })
    .from(study)
    .where(or(eq(study.id, nameOrId), eq(study.name, nameOrId)))
    .orderBy(desc(study.createdAt), study.id)
    .limit(1)
  if (found === undefined) throw new StudyUnknown(nameOrId, await namesOfStudies(db))
  return { ...found, createdAt: found.createdAt.toISOString() }
}

/** The names of studies that ran here and of imported ones. */
export async function namesOfStudies(db: LedgerDatabase): Promise<string[]> {
  const all = db
    .select({ name: study.name })
    .from(study)
    .union(db.select({ name: importedStudy.name }).from(importedStudy))
  return (await all.orderBy(sql`name`).limit(20)).map(({ name }) => name)
}
