import { sql } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { anyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { sealedArtifacts } from '../seals/record-seal.ts'
import { execution, executionArtifact } from '../schema/index.ts'

/** Artifacts of some roles, by what may become of their bytes. */
export interface DroppableArtifacts {
  /** Could be made again by their stages, and no seal cites them. */
  readonly droppable: ReadonlySet<Digest>
  /** Of the same roles, and cited by a seal. */
  readonly sealed: number
}

/**
 * Finds the artifacts that stages generated in these roles, and that nothing needs in another role or as an input of a
 * stage that has not ended. Their bytes can be given up: their stages run again where somebody asks for them. What a
 * seal cites stays, whatever its role.
 */
export async function droppableArtifacts(db: LedgerDatabase, roles: readonly string[]): Promise<DroppableArtifacts> {
  const chosen = anyOf(roles)
  const found = await db.execute<{ digest: Digest }>(sql`
    select distinct digest from ${executionArtifact} made
    where direction = 'generated' and role = ${chosen}
      and not exists (select 1 from ${executionArtifact} other
        where other.digest = made.digest and other.direction = 'generated' and not other.role = ${chosen})
      and not exists (select 1 from ${execution} waiting, jsonb_each_text(waiting.inputs) as input
        where waiting.state = 'open' and input.value = made.digest)`)
  const sealed = await sealedArtifacts(db)
  const all = found.rows.map(({ digest }) => digest)
  const droppable = new Set(all.filter((digest) => !sealed.has(digest)))
  return { droppable, sealed: all.length - droppable.size }
}
