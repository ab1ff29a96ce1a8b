import type { Digest } from '@gauntlet/study'
import { sql, type SQL } from 'drizzle-orm'
import { begin } from './find-study.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import {
  artifact,
  configuration,
  execution,
  executionArtifact,
  measurement,
  study,
  studyAnnotation,
  studyConfiguration,
  studyPerturbation,
} from '../schema/index.ts'

/** Something in the ledger whose name or digest was looked for. */
export interface SearchHit {
  readonly kind: 'study' | 'dataset' | 'backbone' | 'configuration' | 'measurement' | 'stage' | 'artifact'
  /** The name; of a stage its name, of an artifact its role and its stage, of others their digest. */
  readonly name: string
  readonly digest: Digest | null
  readonly studyId: Digest
  readonly studyName: string
  /** The place in the table of the study, from 1, where the hit belongs to a cell or a configuration. */
  readonly row: number | null
}

/** The fewest hexadecimal digits that are looked for among digests. */
const shortestDigest = 6

/**
 * Finds what has this text in its name, studies also by owner, labels and notes, and what has a digest that begins with
 * it: at most `limit` hits of each kind.
 */
export async function searchLedger(db: LedgerDatabase, text: string, limit = 10): Promise<SearchHit[]> {
  const queries = [...byName(text), ...(isDigest(text) ? byDigest(text) : [])]
  const found = await Promise.all(
    queries.map((query) =>
      db.execute<SearchHit & { readonly [column: string]: unknown }>(sql`${query} limit ${limit}`),
    ),
  )
  return found.flatMap(({ rows }) => rows)
}

function isDigest(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${shortestDigest},64}$`).test(text)
}

/** The pattern of `ilike` for what has this text in it, whatever characters that has. */
function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}

/** The condition that a study, joined with its annotation as `a`, has this text in name, owner, labels or notes. */
function isNamed(text: string): SQL {
  const like = containing(text)
  return sql`(${study.name} ilike ${like} or a.owner ilike ${like} or a.notes ilike ${like}
    or exists (select from unnest(a.labels) as label where label ilike ${like}))`
}

/** The condition that a search for this text finds a study, joined with its annotation as `a`, also by its id. */
export function isFoundBy(text: string): SQL {
  return isDigest(text) ? sql`(${isNamed(text)} or ${begin(study.id, text)})` : isNamed(text)
}

function byName(text: string): SQL[] {
  const like = containing(text)
  const level = (kind: 'dataset' | 'backbone') => {
    const column = configuration[kind]
    return sql`
      select ${kind} as kind, ${column} as name, null as digest, s.id as "studyId", s.name as "studyName", null as row
      from ${configuration} join ${studyConfiguration} sc on sc.configuration_id = ${configuration.id}
      join ${study} s on s.id = sc.study_id
      where ${column} ilike ${like} group by ${column}, s.id order by s.created_at desc, ${column}`
  }
  const studies = sql`
    select 'study' as kind, name, id as digest, id as "studyId", name as "studyName", null as row
    from ${study} left join ${studyAnnotation} a on a.study_id = ${study.id}
    where ${isNamed(text)}
    order by created_at desc`
  return [studies, level('dataset'), level('backbone')]
}

/** The place of the first cell of a configuration in the table of a study. */
const rowOfConfiguration = sql`
  sc.position * (select count(*)::int from ${studyPerturbation} where study_id = s.id) + 1`

function byDigest(prefix: string): SQL[] {
  const inStudies = (configurationId: SQL) => sql`
    join ${studyConfiguration} sc on sc.configuration_id = ${configurationId} join ${study} s on s.id = sc.study_id`
  const columns = sql`s.id as "studyId", s.name as "studyName", ${rowOfConfiguration}`
  return [
    sql`select 'study' as kind, name, id as digest, id as "studyId", name as "studyName", null as row
      from ${study} where ${begin(study.id, prefix)}`,
    sql`select 'configuration' as kind, ${configuration.id} as name, ${configuration.id} as digest, ${columns} as row
      from ${configuration} ${inStudies(sql`${configuration.id}`)} where ${begin(configuration.id, prefix)}`,
    sql`select 'measurement' as kind, ${measurement.id} as name, ${measurement.id} as digest, ${columns} + sp.position as row
      from ${measurement} ${inStudies(sql`${measurement.configurationId}`)}
      join ${studyPerturbation} sp on sp.study_id = s.id and sp.perturbation_key = ${measurement.perturbationKey}
      where ${begin(measurement.id, prefix)}`,
    sql`select 'stage' as kind, ${execution.stage} as name, ${execution.stageKey} as digest, ${columns} as row
      from ${execution} ${inStudies(sql`${execution.configurationId}`)} where ${begin(execution.stageKey, prefix)}`,
    sql`select 'artifact' as kind, ${executionArtifact.role} || ' of ' || ${execution.stage} as name,
        ${artifact.digest} as digest, ${columns} as row
      from ${artifact} join ${executionArtifact} on ${executionArtifact.digest} = ${artifact.digest}
      join ${execution} on ${execution.stageKey} = ${executionArtifact.stageKey}
      ${inStudies(sql`${execution.configurationId}`)} where ${begin(artifact.digest, prefix)}`,
  ]
}
