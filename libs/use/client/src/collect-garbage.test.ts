import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { finishedPointer, pinPointer, programsPointer, progressPointer } from '@gauntlet/contract'
import type { StageState } from '@gauntlet/ledger'
import { digestOf, type Digest, type StageIdentity } from '@gauntlet/study'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findGarbage, removeGarbage, type LedgerView } from './collect-garbage.ts'

let folder: string
let store: ArtifactStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-gc-'))
  store = openArtifactStore(pathToFileURL(folder).href)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const hour = 3_600_000
const [longAgo, olderThan] = [new Date(Date.now() - 48 * hour), new Date(Date.now() - 24 * hour)]

async function stored(text: string, time?: Date): Promise<Digest> {
  const { digest } = await store.put(Buffer.from(text), 'text/plain')
  if (time) utimesSync(join(folder, 'sha256', digest.slice(0, 2), digest), time, time)
  return digest
}

async function pointer(name: string, value: Digest | object, time?: Date): Promise<void> {
  await store.writePointer(name, value as Digest)
  if (time) utimesSync(join(folder, 'pointers', `${name}.json`), time, time)
}

function ledgerOf(reachable: readonly Digest[], states: Record<Digest, StageState> = {}): LedgerView {
  return {
    reachableArtifacts: async () => new Set(reachable),
    stageStates: async (keys) => new Map(keys.flatMap((key) => (states[key] ? [[key, states[key]]] : []))),
  }
}

async function listed(): Promise<Digest[]> {
  const digests = []
  for await (const { digest } of store.list()) digests.push(digest)
  return digests.sort()
}

async function collect(ledger: LedgerView) {
  const garbage = await findGarbage(store, ledger, olderThan)
  return { garbage, removed: await removeGarbage(store, garbage) }
}

describe('collecting garbage', () => {
  it('removes what is old and out of reach, says so first, and keeps all else', async () => {
    const [reachable, young, old] = [
      await stored('reachable', longAgo),
      await stored('young'),
      await stored('old', longAgo),
    ]
    const garbage = await findGarbage(store, ledgerOf([reachable]), olderThan)
    expect(garbage).toMatchObject({ artifacts: [{ digest: old }], bytes: 3, pointers: [] })
    expect(await listed()).toEqual([reachable, young, old].sort())
    expect(await removeGarbage(store, garbage)).toBe(3)
    expect(await listed()).toEqual([reachable, young].sort())
  })

  it('keeps what is pinned', async () => {
    const pinned = await stored('pinned', longAgo)
    await pointer(pinPointer(pinned), {}, longAgo)
    expect((await collect(ledgerOf([]))).removed).toBe(0)
    await store.deletePointer(pinPointer(pinned))
    expect((await collect(ledgerOf([]))).removed).toBe(6)
  })

  it.each([
    ['a stage that runs, however old', 'running', longAgo, true],
    ['an open stage that was worked on lately', 'open', undefined, true],
    ['a stage that the ledger does not know yet', undefined, undefined, true],
    ['an open stage that nobody has worked on for long', 'open', longAgo, false],
    ['an unknown stage that nobody has worked on for long', undefined, longAgo, false],
    ['a stage that is fulfilled, however young', 'fulfilled', undefined, false],
  ] as const)('looks at the progress of %s', async (_, state, time, isKept) => {
    const stage = digestOf('stage')
    const [progress, made] = [await stored('progress', longAgo), await stored('made', longAgo)]
    await pointer(progressPointer(stage), progress, time)
    await pointer(finishedPointer(stage), { generated: { trained: { digest: made, size: 4 } } }, time)
    await collect(ledgerOf([], state ? { [stage]: state } : {}))
    expect(await listed()).toEqual(isKept ? [progress, made].sort() : [])
    expect(await store.readPointer(progressPointer(stage))).toBe(isKept ? progress : null)
  })

  it.each([
    ['keeps compiled programs that a stage has used lately', undefined, true],
    ['removes compiled programs that no stage has used for long', longAgo, false],
  ] as const)('%s', async (_, time, isKept) => {
    const program = await stored('compiled', longAgo)
    const identity = { codeDigest: digestOf('code'), environmentClass: digestOf('environment') } as StageIdentity
    const name = programsPointer(identity)
    await pointer(name, { usedOn: '2026-11-30', programs: { [digestOf('program')]: program } }, time)
    await collect(ledgerOf([]))
    expect(await listed()).toEqual(isKept ? [program] : [])
    expect((await store.readPointer(name)) !== null).toBe(isKept)
  })

  it('keeps what is stored again between finding and removing', async () => {
    const again = await stored('again', longAgo)
    const garbage = await findGarbage(store, ledgerOf([]), olderThan)
    await stored('again')
    expect(await removeGarbage(store, garbage)).toBe(0)
    expect(await store.verify(again)).toBe('intact')
  })

  it('sees rows that are added while the store is listed', async () => {
    const late = await stored('late', longAgo)
    const rows = new Set<Digest>()
    const ledger = { ...ledgerOf([]), reachableArtifacts: async () => new Set(rows) }
    const listing = new Proxy(store, {
      get: (target, name) =>
        name === 'listPointers'
          ? async function* () {
              rows.add(late)
              yield* store.listPointers()
            }
          : (Reflect.get(target, name) as () => unknown).bind(target),
    })
    expect((await findGarbage(listing, ledger, olderThan)).artifacts).toEqual([])
  })

  it('loses nothing within reach wherever it is interrupted, and finishes the next time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), async (end, reach) => {
        const digests = await Promise.all(reach.map((_, i) => stored(`artifact ${i}`, longAgo)))
        const reachable = digests.filter((_, i) => reach[i])
        const stage = digestOf('stage')
        await pointer(progressPointer(stage), digests[0]!, longAgo)
        const garbage = await findGarbage(store, ledgerOf(reachable), olderThan)
        await removeGarbage(interrupted(store, end), garbage).catch((error: Error) =>
          expect(error.message).toBe('killed'),
        )
        for (const digest of reachable) expect(await store.verify(digest)).toBe('intact')
        const pointed = await store.readPointer(progressPointer(stage))
        if (pointed !== null) expect(await store.verify(pointed as Digest)).toBe('intact')
        await collect(ledgerOf(reachable))
        expect(await listed()).toEqual(reachable.sort())
      }),
      { numRuns: 25 },
    )
  })
})

/** The store, whose calls fail from the `end`th on. */
function interrupted(whole: ArtifactStore, end: number): ArtifactStore {
  let calls = 0
  return new Proxy(whole, {
    get:
      (target, name) =>
      (...args: unknown[]) => {
        if (calls++ >= end) throw new Error('killed')
        return (Reflect.get(target, name) as (...all: unknown[]) => unknown).apply(target, args)
      },
  })
}
