import { eq, sql } from 'drizzle-orm'
import { digestOf, type ArtifactReference, type Digest, type Json } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { inBatches } from '../database/in-batches.ts'
import { artifact, claimedConfiguration, claimedNumber, importedStudy, study } from '../schema/index.ts'
import type { ClaimedPerturbation } from '../schema/imported-study.ts'
import { documentOf } from '../schema/json-document.ts'

/** A row of a published table, with its claimed accuracies. */
export interface ClaimedRow {
  /** As spreadsheets number rows: the header of a table is row 1. */
  readonly row: number
  readonly backbone: string
  readonly dataset: string
  readonly loss: string
  readonly protocol: string
  /** Null where the table says none. */
  readonly seed: number | null
  readonly size: string | null
  readonly type: string | null
  readonly strategy: string | null
  readonly displayName: string | null
  /** By the names of `perturbations`, each in [0, 1]; null where the table has none. */
  readonly accuracies: Readonly<Record<string, number | null>>
}

/** A published table as it is imported. */
export interface ImportRecord {
  readonly name: string
  readonly fileName: string
  readonly file: ArtifactReference
  /** How the rows were read from the file. */
  readonly reading: Json
  readonly perturbations: readonly ClaimedPerturbation[]
  readonly rows: readonly ClaimedRow[]
}

/** A study that ran has the name of an import, and commands could not tell them apart. A retry does not help. */
export class StudyNameTaken extends Error {
  override readonly name = 'StudyNameTaken'

  constructor(readonly study: string) {
    super(`A study that ran here is called ${study}; import the table under another name.`)
  }
}

/** The identity of an import: its name, its bytes and how they were read. */
function importId({ name, file, reading, perturbations }: Omit<ImportRecord, 'rows' | 'fileName'>): Digest {
  return digestOf({ name, file: file.digest, reading, perturbations: perturbations as unknown as Json })
}

/**
 * Records a published table whose file the store has, and gives its id. Importing it again makes it the last one of its
 * name, and changes nothing else. Throws `StudyNameTaken`.
 */
export async function recordImport(
  db: LedgerDatabase,
  record: ImportRecord,
): Promise<{ readonly id: Digest; readonly isNew: boolean }> {
  const { name, fileName, file, reading, perturbations, rows } = record
  const id = importId(record)
  return db.transaction(async (transaction) => {
    const [taken] = await transaction.select({ id: study.id }).from(study).where(eq(study.name, name)).limit(1)
    if (taken) throw new StudyNameTaken(name)
    await transaction.insert(artifact).values(file).onConflictDoNothing()
    const [stored] = await transaction
      .insert(importedStudy)
      .values({ id, name, fileName, fileDigest: file.digest, reading: documentOf(reading), perturbations })
      .onConflictDoUpdate({ target: importedStudy.id, set: { importedAt: sql`clock_timestamp()` } })
      .returning({ isNew: sql<boolean>`xmax = 0` }) // no transaction has replaced a row that was just inserted
    if (stored!.isNew) await insertRows(transaction, id, rows)
    return { id, isNew: stored!.isNew }
  })
}

async function insertRows(db: LedgerDatabase, studyId: Digest, rows: readonly ClaimedRow[]): Promise<void> {
  const configurations = rows.map((row) => {
    const { accuracies: _, ...configuration } = row
    return { studyId, ...configuration }
  })
  for (const batch of inBatches(configurations)) await db.insert(claimedConfiguration).values(batch)
  const numbers = rows.flatMap(({ row, accuracies }) =>
    Object.entries(accuracies).flatMap(([perturbation, accuracy]) =>
      accuracy === null ? [] : [{ studyId, row, perturbation, accuracy }],
    ),
  )
  for (const batch of inBatches(numbers)) await db.insert(claimedNumber).values(batch)
}
