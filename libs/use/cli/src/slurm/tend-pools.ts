import { setTimeout as sleep } from 'node:timers/promises'

interface Tending<Pool> {
  /** The pools to look after, asked for at every round. */
  readonly pools: () => Promise<readonly Pool[]>
  /** Looks after one of them, and gives a sentence for what it did. */
  readonly tend: (pool: Pool) => Promise<string | undefined>
  readonly say: (sentence: string) => void
  /** Milliseconds between two rounds. Without them there is one round, and the first error ends it. */
  readonly every?: number
  readonly signal?: AbortSignal
}

/**
 * Looks after pools again and again. An error is said and ends nothing: the ledger, the cluster or the server of
 * Temporal may be back at the next round.
 */
export async function tendPools<Pool extends { readonly name: string }>({
  pools,
  tend,
  say,
  every,
  signal,
}: Tending<Pool>): Promise<void> {
  const saidOf = async <Result>(what: string, work: Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work
    } catch (error) {
      if (every === undefined) throw error
      say(`${what}: ${reasonOf(error as Error)}`)
      return undefined
    }
  }
  for (;;) {
    for (const pool of (await saidOf('ledger', pools())) ?? []) {
      const said = await saidOf(pool.name, tend(pool))
      if (said) say(said)
    }
    if (every === undefined || signal?.aborted) return
    await sleep(every, undefined, signal ? { signal } : {})
  }
}

/** Why something failed, without the query that did. */
function reasonOf({ message, cause }: Error): string {
  return (cause instanceof Error && cause.message) || message
}
