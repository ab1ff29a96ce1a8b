import { defaultPool, type DeclaredPools } from '@gauntlet/contract'
import { declaredPools, type LedgerDatabase } from '@gauntlet/ledger'
import { Misuse } from '../command-failed.ts'
import type { CommandSettings } from '../settings.ts'

/** Where studies of a command run: on one pool that nobody declared, or on declared ones. */
export interface StudyPlace {
  readonly pool?: string
  readonly declared?: DeclaredPools
}

/**
 * The pools that `GAUNTLET_POOL` or `--pool` name, separated by commas. Throws `Misuse` where there are several and one
 * of them is not declared: only declared pools are known to be of one class each.
 */
export async function studyPlace(
  { pool, fetchPool }: Pick<CommandSettings, 'pool' | 'fetchPool'>,
  db: LedgerDatabase,
): Promise<StudyPlace> {
  if (pool === undefined) return {}
  const names = [...new Set(pool.split(',').map((name) => name.trim()))]
  const declared = new Set((await declaredPools(db, names)).map(({ name }) => name))
  const unknown = names.find((name) => !declared.has(name))
  if (unknown === undefined) return { declared: { pools: names, fetch: fetchPool } }
  if (names.length === 1) return { pool: names[0]! }
  throw new Misuse(
    `No pool ${JSON.stringify(unknown)} is declared; declare it with: npx gauntlet pool declare ${unknown}`,
  )
}

/** The pool that is asked what code studies run by: where pools are declared, the one that fetches for them. */
export function askedPool({ pool, declared }: StudyPlace): string {
  return declared?.fetch ?? pool ?? defaultPool
}

/** The pool whose description the ledger has. */
export function recordedPool({ pool, declared }: StudyPlace): string {
  return declared?.pools[0] ?? pool ?? defaultPool
}
