import { sql } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { artifact, attempt, execution } from '../schema/index.ts'

/** The media type of study files. */
export const studyFileType = 'application/yaml'

/**
 * Every artifact that the ledger refers to. Whatever refers to one has a row for it in `artifact`: what executions used
 * and made, the files of studies, imported tables. Beside these, the code and the inputs that any key was made from,
 * whether it is fulfilled yet or not.
 */
export async function reachableArtifacts(db: LedgerDatabase): Promise<Set<Digest>> {
  const rows = await db.execute<{ digest: Digest }>(sql`
    select ${artifact.digest} as digest from ${artifact}
    union select ${execution.codeDigest} from ${execution}
    union select input.value from ${execution}, jsonb_each_text(${execution.inputs}) as input
  `)
  return new Set(rows.rows.map(({ digest }) => digest))
}

/** How far a stage is: `running` where an attempt at it has begun and is not known to have ended. */
export type StageState = 'fulfilled' | 'running' | 'open'

/** How far these stages are. Keys that the ledger does not know are absent. */
export async function stageStates(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Map<Digest, StageState>> {
  const rows = await db.execute<{ key: Digest; state: StageState }>(sql`
    select ${execution.stageKey} as key, case
      when ${execution.state} = 'fulfilled' then 'fulfilled'
      when exists (select 1 from ${attempt}
        where ${attempt.stageKey} = ${execution.stageKey} and ${attempt.outcome} = 'running') then 'running'
      else 'open' end as state
    from ${execution} where ${isAnyOf(execution.stageKey, stageKeys)}
  `)
  return new Map(rows.rows.map(({ key, state }) => [key, state]))
}
