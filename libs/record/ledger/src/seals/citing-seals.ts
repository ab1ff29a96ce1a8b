import { inArray, sql } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { anyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { importedStage, measurement, seal, studyConfiguration } from '../schema/index.ts'

/** A seal that covers some numbers: whoever has an export under it has these numbers. */
export interface CitingSeal {
  readonly digest: Digest
  readonly studyId: Digest
  readonly origin: 'made' | 'imported'
  /** How many of the numbers it covers. */
  readonly numbers: number
}

/**
 * The seals that cover any of these measurements, the last one first. A seal that was made here covers what its study
 * had then; one that an import brought covers what is fulfilled by that import.
 */
export async function citingSeals(db: LedgerDatabase, measurementIds: readonly Digest[]): Promise<CitingSeal[]> {
  const { rows } = await db.execute<CitingSeal & { readonly [column: string]: unknown }>(sql`
    select s.digest, s.study_id as "studyId", s.origin, count(*)::int as numbers
    from ${seal} s
    join ${studyConfiguration} c on c.study_id = s.study_id
    join ${measurement} m on m.configuration_id = c.configuration_id
    where m.id = ${anyOf(measurementIds)}
      and case s.origin when 'made' then m.recorded_at <= s.recorded_at
        else exists (select from ${importedStage} i where i.stage_key = m.stage_key and i.seal_digest = s.digest) end
    group by s.digest
    order by s.recorded_at desc, s.digest`)
  return rows
}

/** The seals by which stages are known that were fulfilled elsewhere, by stage key. Others are absent. */
export async function importSealsOf(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Map<Digest, Digest>> {
  if (stageKeys.length === 0) return new Map()
  const { stageKey, sealDigest } = importedStage
  const rows = await db
    .select({ stageKey, sealDigest })
    .from(importedStage)
    .where(inArray(stageKey, [...stageKeys]))
  return new Map(rows.map((row) => [row.stageKey, row.sealDigest]))
}
