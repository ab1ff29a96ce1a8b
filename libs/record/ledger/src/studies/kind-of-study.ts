import { desc, eq, or } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { namesOfStudies } from './find-study.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { importedStudy, study } from '../schema/index.ts'
import { StudyUnknown } from './study-unknown.ts'

/** Whether the numbers of a study were measured here, or claimed by a table that was imported. */
export type StudyKind = 'measured' | 'claimed'

/** A study that ran and an imported one have the same name. A retry does not help; naming one by its id does. */
export class StudyNameAmbiguous extends Error {
  override readonly name = 'StudyNameAmbiguous'

  constructor(study: string, measured: Digest, claimed: Digest) {
    super(
      `Two studies are called ${study}: one that ran, ${measured}, and one that was imported, ${claimed}; give the id of the one you mean.`,
    )
  }
}

/** Which kind of study has this name or id. Throws `StudyUnknown` and `StudyNameAmbiguous`. */
export async function kindOfStudy(db: LedgerDatabase, nameOrId: string): Promise<StudyKind> {
  const [[ran], [imported]] = await Promise.all([
    db
      .select({ id: study.id })
      .from(study)
      .where(or(eq(study.id, nameOrId), eq(study.name, nameOrId)))
      .orderBy(desc(study.createdAt))
      .limit(1),
    db
      .select({ id: importedStudy.id })
      .from(importedStudy)
      .where(or(eq(importedStudy.id, nameOrId), eq(importedStudy.name, nameOrId)))
      .orderBy(desc(importedStudy.importedAt))
      .limit(1),
  ])
  if (ran && imported) throw new StudyNameAmbiguous(nameOrId, ran.id, imported.id)
  if (ran) return 'measured'
  if (imported) return 'claimed'
  throw new StudyUnknown(nameOrId, await namesOfStudies(db))
}
