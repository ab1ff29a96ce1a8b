import type { Digest } from '@gauntlet/study'
import { sql } from 'drizzle-orm'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { measurement, study, studyAnnotation, studyConfiguration, studyPerturbation } from '../schema/index.ts'
import { isFoundBy } from './search-ledger.ts'
import type { AnnotatedStudy } from './study-annotations.ts'

/** A study in a list of all. */
export interface ListedStudy extends AnnotatedStudy {
  readonly id: Digest
  readonly name: string
  /** As the study file has it; null where it has none. */
  readonly description: string | null
  readonly createdAt: Date
  readonly configurations: number
  readonly perturbations: number
  /** Cells with a number, by whatever code and in whatever environment. */
  readonly numbers: number
  /** When a run last arrived at a number; null where there is none. */
  readonly lastNumberAt: Date | null
}

/** The first studies of a list, and how many it has in all. */
export interface StudyList {
  readonly total: number
  readonly studies: readonly ListedStudy[]
}

/** How many studies a list has unless more are asked for. */
export const usualListLength = 200

interface ListOptions {
  /** A text in name, owner, labels or notes, or in the beginning of the id. */
  readonly text?: string | undefined
  /** The whole name. */
  readonly name?: string | undefined
  /** The most studies. */
  readonly limit?: number | undefined
}

/** The studies of a ledger, the latest first: all of them, or those that have what is asked for. */
export async function listStudies(
  db: LedgerDatabase,
  { text, name, limit = usualListLength }: ListOptions = {},
): Promise<StudyList> {
  const { rows } = await db.execute<{ readonly total: number; readonly [column: string]: unknown }>(sql`
    with listed as (
      select id, name, document ->> 'description' as description, created_at, extends,
        a.owner, coalesce(a.labels, '{}') as labels, a.notes, count(*) over ()::int as total
      from ${study} left join ${studyAnnotation} a on a.study_id = ${study.id}
      where ${text === undefined ? sql`true` : isFoundBy(text)}
        and ${name === undefined ? sql`true` : sql`${study.name} = ${name}`}
      order by created_at desc, id
      limit ${limit})
    select listed.*,
      (select count(*)::int from ${studyConfiguration} where study_id = listed.id) as configurations,
      (select count(*)::int from ${studyPerturbation} where study_id = listed.id) as perturbations,
      measured.numbers, measured.last
    from listed
    cross join lateral (
      select count(distinct (m.configuration_id, m.perturbation_key))::int as numbers, max(m.confirmed_at) as last
      from ${studyConfiguration} c
      join ${measurement} m on m.configuration_id = c.configuration_id
      join ${studyPerturbation} p on p.study_id = c.study_id and p.perturbation_key = m.perturbation_key
      where c.study_id = listed.id
    ) measured
    order by created_at desc, id`)
  const studies = rows.map((row) => {
    const { created_at, last, total: _, ...listed } = row
    return {
      ...(listed as Omit<ListedStudy, 'createdAt' | 'lastNumberAt'>),
      createdAt: new Date(created_at as string),
      lastNumberAt: last === null ? null : new Date(last as string),
    }
  })
  return { total: rows[0]?.total ?? 0, studies }
}
