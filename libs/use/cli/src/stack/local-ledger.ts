import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { openLedger, type LedgerDatabase } from '@gauntlet/ledger'
import { interruptible } from '../interruptible.ts'
import { progressLine } from '../print/progress-line.ts'
import { LocalStack } from './local-stack.ts'
import { readCommandSettings, type CommandSettings } from '../settings.ts'

/** What reading commands need. */
export interface LedgerSession {
  readonly settings: CommandSettings
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
}

/** A session that Ctrl-C ends. */
export interface InterruptibleSession extends LedgerSession {
  readonly signal: AbortSignal
  /** Shows what is being done, in a line that vanishes with the session. Throws once the command is interrupted. */
  readonly progress: (doing: string) => void
}

/**
 * Runs `work` with the ledger open. A local Postgres that this command had to start is stopped again, also where it is
 * interrupted, of which the work learns by its signal. What computes long without a pause belongs behind it, where
 * Ctrl-C ends the process.
 */
export async function withLedger<T>(
  work: (session: InterruptibleSession) => Promise<T>,
  interrupted = 'Interrupted.',
): Promise<T> {
  const settings = readCommandSettings()
  return interruptible(interrupted, (signal) =>
    LocalStack.use(settings, async (stack) => {
      const ledger = openLedger(await stack.databaseToRead())
      const line = progressLine()
      const progress = (doing: string) => {
        signal.throwIfAborted()
        line.show(doing)
      }
      try {
        signal.throwIfAborted()
        const store = openArtifactStore(settings.artifacts, settings.cache)
        return await work({ settings, db: ledger.db, store, signal, progress })
      } finally {
        line.end()
        await ledger.close()
      }
    }),
  )
}
