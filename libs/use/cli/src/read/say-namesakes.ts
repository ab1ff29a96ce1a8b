import { studiesNamed, type LedgerDatabase } from '@gauntlet/ledger'

/** Says on standard error, where several studies have the name that one was called by, which of them is taken. */
export async function sayNamesakes(db: LedgerDatabase, named: string): Promise<void> {
  const [last, ...others] = await studiesNamed(db, named)
  if (last === undefined || others.length === 0) return
  console.error(
    `${others.length + 1} studies are named ${named}; this is the last one, ${last.slice(0, 12)}. The ids of all: npx gauntlet studies ${named}`,
  )
}
