import type { Digest } from '@gauntlet/study'
import { sql } from 'drizzle-orm'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { measurement, study, studyAnnotation, studyConfiguration, studyPerturbation } from '../schema/index.ts'
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

/** The studies of a ledger, the latest first, at most `limit`. */
export async function listStudies(db: LedgerDatabase, limit = 200): Promise<ListedStudy[]> {
  const { rows } = await db.execute<Record<string, unknown>>(sql`
    select id, name, document ->> 'description' as description, created_at, extends,
      a.owner, coalesce(a.labels, '{}') as labels, a.notes,
      (select count(*)::int from ${studyConfiguration} where study_id = ${study}.id) as configurations,
      (select count(*)::int from ${studyPerturbation} where study_id = ${study}.id) as perturbations,
      measured.numbers, measured.last
    from ${study}
    left join ${studyAnnotation} a on a.study_id = ${study}.id
    cross join lateral (
      select count(distinct (m.configuration_id, m.perturbation_key))::int as numbers, max(m.confirmed_at) as last
      from ${studyConfiguration} c
      join ${measurement} m on m.configuration_id = c.configuration_id
      join ${studyPerturbation} p on p.study_id = c.study_id and p.perturbation_key = m.perturbation_key
      where c.study_id = ${study}.id
    ) measured
    order by created_at desc, id
    limit ${limit}`)
  return rows.map(({ created_at, last, ...row }) => ({
    ...(row as Omit<ListedStudy, 'createdAt' | 'lastNumberAt'>),
    createdAt: new Date(created_at as string),
    lastNumberAt: last === null ? null : new Date(last as string),
  }))
}
