import { desc, eq, or } from 'drizzle-orm'
import type { Digest, Json } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import type { ClaimedRow } from './record-import.ts'
import { claimedConfiguration, claimedNumber, importedStudy } from '../schema/index.ts'
import type { ClaimedPerturbation } from '../schema/imported-study.ts'

/** A published table as the ledger has it. */
export interface ImportedStudy {
  readonly id: Digest
  readonly name: string
  readonly fileName: string
  readonly fileDigest: Digest
  readonly reading: Json
  readonly perturbations: readonly ClaimedPerturbation[]
  readonly importedAt: Date
  /** In the order of the table. */
  readonly rows: readonly ClaimedRow[]
}

/** Reads an import by its id, or the last one of a name, in three queries however large; null where there is none. */
export async function readImportedStudy(db: LedgerDatabase, nameOrId: string): Promise<ImportedStudy | null> {
  const [found] = await db
    .select()
    .from(importedStudy)
    .where(or(eq(importedStudy.id, nameOrId), eq(importedStudy.name, nameOrId)))
    .orderBy(desc(importedStudy.importedAt), importedStudy.id)
    .limit(1)
  if (found === undefined) return null
  const [configurations, numbers] = await Promise.all([configurationsOf(db, found.id), numbersOf(db, found.id)])
  const names = found.perturbations.map(({ name }) => name)
  const accuracies = new Map(configurations.map(({ row }) => [row, emptyAccuracies(names)]))
  for (const { row, perturbation, accuracy } of numbers) accuracies.get(row)![perturbation] = accuracy
  const rows = configurations.map((stored) => {
    const { studyId: _, ...configuration } = stored
    return { ...configuration, accuracies: accuracies.get(configuration.row)! }
  })
  return { ...found, reading: found.reading as Json, rows }
}

function emptyAccuracies(names: readonly string[]): Record<string, number | null> {
  return Object.fromEntries(names.map((name) => [name, null]))
}

function configurationsOf(db: LedgerDatabase, id: Digest) {
  return db
    .select()
    .from(claimedConfiguration)
    .where(eq(claimedConfiguration.studyId, id))
    .orderBy(claimedConfiguration.row)
}

function numbersOf(db: LedgerDatabase, id: Digest) {
  const { row, perturbation, accuracy, studyId } = claimedNumber
  return db.select({ row, perturbation, accuracy }).from(claimedNumber).where(eq(studyId, id))
}
