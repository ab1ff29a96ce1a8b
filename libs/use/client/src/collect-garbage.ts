import type { ArtifactStore, StoredArtifact, StoredPointer } from '@gauntlet/artifacts'
import { isProgramsPointer, stageOfPointer } from '@gauntlet/contract'
import type { StageState } from '@gauntlet/ledger'
import type { Digest, Json } from '@gauntlet/study'

/** What a ledger says about the artifacts of a store. */
export interface LedgerView {
  reachableArtifacts(): Promise<Set<Digest>>
  stageStates(stageKeys: readonly Digest[]): Promise<Map<Digest, StageState>>
}

/** What a store could do without. */
export interface Garbage {
  /**
   * Progress inside stages that have ended, or that nobody has worked on for the grace period; and lists of compiled
   * programs that no stage has used for the grace period.
   */
  readonly pointers: readonly StoredPointer[]
  readonly artifacts: readonly StoredArtifact[]
  /** Of these artifacts. */
  readonly bytes: number
  /** Nothing that was stored later is garbage. */
  readonly olderThan: Date
}

/**
 * Finds what nothing refers to: no key of the ledger, no running attempt, no pin, no progress that an attempt may go on
 * from. Artifacts exist before the rows that refer to them, so only those that were not stored after `olderThan` count.
 *
 * The store is listed before the ledger is asked: whatever is stored from then on is younger, and rows that were added
 * meanwhile are seen.
 */
export async function findGarbage(store: ArtifactStore, ledger: LedgerView, olderThan: Date): Promise<Garbage> {
  const old = await listed(store.list(), ({ storedAt }) => storedAt < olderThan)
  const pointers = await listed(store.listPointers(), () => true)
  const outdated = await outdatedPointers(pointers, ledger, olderThan)
  const kept = await digestsIn(
    store,
    pointers.filter((pointer) => !outdated.includes(pointer)),
  )
  const reachable = await ledger.reachableArtifacts()
  const artifacts = old.filter(({ digest }) => !reachable.has(digest) && !kept.has(digest))
  return { pointers: outdated, artifacts, bytes: artifacts.reduce((sum, { size }) => sum + size, 0), olderThan }
}

/**
 * Removes garbage. Pointers go before what they point to; a kill at any moment leaves garbage, and never a pointer to
 * nothing. What was stored again meanwhile stays. Gives the bytes that were removed.
 */
export async function removeGarbage(
  store: ArtifactStore,
  { pointers, artifacts, olderThan }: Garbage,
  onProgress: (removed: number) => void = () => undefined,
): Promise<number> {
  for (const { name } of pointers) await store.deletePointer(name)
  let bytes = 0
  for (const [index, { digest, size }] of artifacts.entries()) {
    if (await store.removeUnlessStoredSince(digest, olderThan)) bytes += size
    onProgress(index + 1)
  }
  return bytes
}

/**
 * The pointers about stages that have ended, about stages that nobody works on and has not for long, and to compiled
 * programs that nobody has used for long: which plugins the machines of a store have, nobody knows, and a program that
 * is used after all is compiled again.
 */
async function outdatedPointers(
  pointers: readonly StoredPointer[],
  ledger: LedgerView,
  olderThan: Date,
): Promise<StoredPointer[]> {
  const about = pointers.flatMap((pointer) => {
    const stage = stageOfPointer(pointer.name)
    return stage === null ? [] : [{ pointer, stage }]
  })
  const states = await ledger.stageStates([...new Set(about.map(({ stage }) => stage))])
  const isOutdated = ({ pointer, stage }: (typeof about)[number]) => {
    const state = states.get(stage)
    return state === 'fulfilled' || (state !== 'running' && pointer.writtenAt < olderThan)
  }
  const unused = pointers.filter(({ name, writtenAt }) => isProgramsPointer(name) && writtenAt < olderThan)
  return [...about.filter(isOutdated).map(({ pointer }) => pointer), ...unused]
}

/** Every digest that stands in the names or the values of pointers. */
async function digestsIn(store: ArtifactStore, pointers: readonly StoredPointer[]): Promise<Set<Digest>> {
  const found = new Set<Digest>()
  const collect = (value: Json) => {
    for (const digest of JSON.stringify(value).match(/\b[0-9a-f]{64}\b/g) ?? []) found.add(digest)
  }
  for (const { name } of pointers) {
    collect(name)
    collect(await store.readPointer(name))
  }
  return found
}

async function listed<Entry>(entries: AsyncIterable<Entry>, wanted: (entry: Entry) => boolean): Promise<Entry[]> {
  const found: Entry[] = []
  for await (const entry of entries) if (wanted(entry)) found.push(entry)
  return found
}
