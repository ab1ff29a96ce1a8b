import type { ChangeEvent } from '@gauntlet/api/wire'
import { signal } from '@preact/signals'

/** What tabs tell each other. */
type Message = { readonly position: string; readonly change: ChangeEvent | null; readonly isConnected: boolean }

/** Whether changes arrive. */
export const isConnected = signal(true)

const listeners = new Set<(change: ChangeEvent) => unknown>()

/** Calls a listener with every change, until the function that it gives back is called. */
export function onChange(listener: (change: ChangeEvent) => unknown): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

let position: string | null = null

function take({ position: reached, change, isConnected: connected }: Message): void {
  if (reached !== '') position = reached
  // What was asked for in vain while the server was away is in no change.
  const told = connected && !isConnected.value ? { studies: ['*'], isOther: false } : change
  isConnected.value = connected
  if (told) for (const listener of listeners) listener(told)
}

/**
 * Follows the changes of the ledger by one stream for all tabs of this browser, because browsers open few connections
 * to one server: the tab that holds the lock reads the stream and tells the others. When it closes, another takes over
 * from the last position, so that nothing is missed. Where the page comes from another machine without TLS, browsers
 * have no locks, and each tab reads a stream of its own.
 */
export function followChanges(): void {
  const locks = navigator.locks as LockManager | undefined
  if (!locks) return readStream(take)
  const channel = new BroadcastChannel('gauntlet changes')
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => take(data))
  const tell = (message: Message) => {
    take(message)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin and takes none
    channel.postMessage(message)
  }
  void locks.request('gauntlet stream of changes', () => {
    readStream(tell)
    return new Promise(() => undefined) // The lock is held for as long as this tab lives.
  })
}

/** Reads the stream for as long as this tab lives. */
function readStream(tell: (message: Message) => void): void {
  const open = () => {
    const source = new EventSource(`/api/events${position === null ? '' : `?after=${position}`}`)
    source.addEventListener('begin', ({ lastEventId }) =>
      tell({ position: lastEventId, change: null, isConnected: true }),
    )
    source.addEventListener('changes', ({ lastEventId, data }: MessageEvent<string>) =>
      tell({ position: lastEventId, change: JSON.parse(data) as ChangeEvent, isConnected: true }),
    )
    source.addEventListener('error', () => {
      tell({ position: position ?? '', change: null, isConnected: false })
      // A stream that was refused is not opened again by the browser.
      if (source.readyState === EventSource.CLOSED) window.setTimeout(open, 2_000)
    })
  }
  open()
}
