import { and, desc, eq, gte, lt, or, sql, type SQL } from 'drizzle-orm'
import type { Digest, Json } from '@gauntlet/study'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { importedStudy, study } from '../schema/index.ts'
import { StudyUnknown } from './study-unknown.ts'

/** A study as the ledger has it. */
export interface RecordedStudy {
  readonly id: Digest
  readonly name: string
  readonly document: Json
  /** ISO 8601. */
  readonly createdAt: string
}

/** The fewest characters of an id that stand for the whole. */
const shortestPrefix = 8

/**
 * The study with this id, or the last one recorded under this name, or the one whose id begins so. Throws
 * `StudyUnknown`.
 */
export async function findStudy(db: LedgerDatabase, nameOrId: string): Promise<RecordedStudy> {
  const named = await studiesWhere(db, or(eq(study.id, nameOrId), eq(study.name, nameOrId)))
  const prefixed = named.length === 0 && nameOrId.length >= shortestPrefix ? begin(study.id, nameOrId) : undefined
  const [found, ...others] = prefixed ? await studiesWhere(db, prefixed, 2) : named
  if (found === undefined || others.length > 0) throw new StudyUnknown(nameOrId, await namesOfStudies(db))
  return { ...found, createdAt: found.createdAt.toISOString() }
}

/**
 * The condition that a digest begins with these characters. As a range it is answered by the index in every collation,
 * because all digests are of one length and of characters that every collation orders alike.
 */
export function begin(digest: PgColumn, prefix: string): SQL | undefined {
  return /^[0-9a-f]{1,64}$/.test(prefix) ? and(gte(digest, prefix), lt(digest, `${prefix}g`)) : undefined
}

function studiesWhere(db: LedgerDatabase, condition: SQL | undefined, limit = 1) {
  return db
    .select({ id: study.id, name: study.name, document: study.document, createdAt: study.createdAt })
    .from(study)
    .where(condition)
    .orderBy(desc(study.createdAt), study.id)
    .limit(limit)
}

/** The text of a recorded study's file, with which it can be started again. Throws `StudyUnknown`. */
export async function studyFile(db: LedgerDatabase, id: Digest): Promise<string> {
  const [found] = await db.select({ file: study.file }).from(study).where(eq(study.id, id))
  if (found === undefined) throw new StudyUnknown(id, await namesOfStudies(db))
  return found.file
}

/** The ids of the studies of this name, the latest first, at most `limit`. */
export async function studiesNamed(db: LedgerDatabase, name: string, limit = 50): Promise<Digest[]> {
  return (await studiesWhere(db, eq(study.name, name), limit)).map(({ id }) => id)
}

/** The names of studies that ran here and of imported ones. */
export async function namesOfStudies(db: LedgerDatabase): Promise<string[]> {
  const all = db
    .select({ name: study.name })
    .from(study)
    .union(db.select({ name: importedStudy.name }).from(importedStudy))
  return (await all.orderBy(sql`name`).limit(20)).map(({ name }) => name)
}
