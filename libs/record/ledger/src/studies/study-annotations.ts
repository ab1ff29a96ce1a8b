import type { Digest, StudyAnnotations } from '@gauntlet/study'
import { eq } from 'drizzle-orm'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { study, studyAnnotation } from '../schema/index.ts'

/** What people have written about a study, and the study that it extends. */
export interface AnnotatedStudy {
  readonly owner: string | null
  readonly labels: readonly string[]
  readonly notes: string | null
  readonly extends: Digest | null
}

/** Writes what people say of a study; what is absent stays as it was. */
export async function annotateStudy(db: LedgerDatabase, studyId: Digest, given: StudyAnnotations): Promise<void> {
  const { owner, labels, notes } = given
  const columns = {
    ...(owner === undefined ? {} : { owner: owner === '' ? null : owner }),
    ...(labels === undefined ? {} : { labels: [...labels] }),
    ...(notes === undefined ? {} : { notes: notes === '' ? null : notes }),
  }
  if (Object.keys(columns).length === 0) return
  await db
    .insert(studyAnnotation)
    .values({ studyId, ...columns })
    .onConflictDoUpdate({ target: studyAnnotation.studyId, set: { ...columns, writtenAt: new Date() } })
}

/** What people have written about a study; nothing where the ledger does not know it. */
export async function readAnnotations(db: LedgerDatabase, studyId: Digest): Promise<AnnotatedStudy> {
  const [found] = await db
    .select({
      owner: studyAnnotation.owner,
      labels: studyAnnotation.labels,
      notes: studyAnnotation.notes,
      extends: study.extends,
    })
    .from(study)
    .leftJoin(studyAnnotation, eq(studyAnnotation.studyId, study.id))
    .where(eq(study.id, studyId))
  return {
    owner: found?.owner ?? null,
    labels: found?.labels ?? [],
    notes: found?.notes ?? null,
    extends: found?.extends ?? null,
  }
}
