import { changesSince, type LedgerChanges, type LedgerDatabase } from '@gauntlet/ledger'
import { setTimeout as sleep } from 'node:timers/promises'

type Listener = (changes: LedgerChanges) => void

/** Milliseconds between two looks at the ledger while somebody listens. */
const everyMilliseconds = 500

/**
 * Looks for changes of the ledger while anybody listens: one indexed query for all listeners, which costs writers
 * nothing. A ledger that does not answer is asked again.
 */
export class ChangeWatcher {
  private readonly listeners = new Set<Listener>()
  private isWatching = false
  private position: string | null = null

  constructor(private readonly db: LedgerDatabase) {}

  /** Tells a listener of every change from now on, until the function that it gives back is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener)
    if (!this.isWatching) void this.watch()
    return () => void this.listeners.delete(listener)
  }

  private async watch(): Promise<void> {
    this.isWatching = true
    while (this.listeners.size > 0) {
      const changes = await changesSince(this.db, this.position).catch(() => null)
      const isFirst = this.position === null
      if (changes) this.position = changes.position
      if (changes && !isFirst && isChange(changes)) for (const tell of this.listeners) tell(changes)
      await sleep(everyMilliseconds, undefined, { ref: false })
    }
    this.isWatching = false
    this.position = null
  }
}

/** Whether anything was written. */
export function isChange({ studies, pools, hasWithdrawnShared, isOther }: LedgerChanges): boolean {
  return isOther || hasWithdrawnShared || studies.length > 0 || pools.length > 0
}
