import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { openLedger, type LedgerDatabase } from '@gauntlet/ledger'
import { LocalStack } from './local-stack.ts'
import { readCommandSettings, type CommandSettings } from '../settings.ts'

/** What reading commands need. */
export interface LedgerSession {
  readonly settings: CommandSettings
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
}

/** Runs `work` with the ledger open. A local Postgres that this command had to start is stopped again. */
export async function withLedger<T>(work: (session: LedgerSession) => Promise<T>): Promise<T> {
  const settings = readCommandSettings()
  return LocalStack.use(settings, async (stack) => {
    const ledger = openLedger(await stack.databaseToRead())
    try {
      return await work({ settings, db: ledger.db, store: openArtifactStore(settings.artifacts, settings.cache) })
    } finally {
      await ledger.close()
    }
  })
}
