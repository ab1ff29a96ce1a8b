import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOfBytes, type Json } from '@gauntlet/study'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArtifactCorrupt } from './artifact-corrupt.ts'
import { ArtifactMissing } from './artifact-missing.ts'
import { ArtifactNameInvalid } from './artifact-name-invalid.ts'
import type { ArtifactStore, StoredArtifact } from './artifact-store.ts'

/** A store under test and a way to damage it from outside. */
export interface StoreUnderTest {
  readonly store: ArtifactStore
  /** Replaces the stored bytes of an artifact without the store. */
  corrupt(digest: string, bytes: Uint8Array): Promise<void>
  /** Makes an artifact look as if it had been stored at `time`. */
  backdate(digest: string, time: Date): Promise<void>
  /** Replaces the stored form of a pointer without the store. */
  corruptPointer(name: string, bytes: Uint8Array): Promise<void>
}

const text = (words: string) => new TextEncoder().encode(words)

/** The tests of every artifact store, whatever it keeps its bytes in. */
export function describeArtifactStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let tested: StoreUnderTest
    let folder: string
    beforeAll(async () => {
      tested = await open()
      folder = await mkdtemp(join(tmpdir(), 'gauntlet-artifacts-'))
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    artifactCases(() => tested)
    fileCases(
      () => tested,
      () => folder,
    )
    damageCases(() => tested)
    pointerCases(() => tested)
  })
}

function artifactCases(tested: () => StoreUnderTest): void {
  it('gives back the bytes it was given, named by their SHA-256', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        const reference = await tested().store.put(bytes, 'application/octet-stream')
        expect(reference).toEqual({
          digest: digestOfBytes(bytes),
          size: bytes.length,
          mediaType: 'application/octet-stream',
        })
        expect(new Uint8Array(await tested().store.read(reference))).toEqual(bytes)
      }),
      { numRuns: 20 },
    )
  })

  it('removes what was not stored since a time, and keeps what was', async () => {
    const { store } = tested()
    const [before, bytes] = [new Date(Date.now() - 3_600_000), text('kept or not')]
    const { digest } = await store.put(bytes, 'text/plain')
    expect(await store.removeUnlessStoredSince(digest, before)).toBe(false)
    expect(await store.verify(digest)).toBe('intact')
    expect((await listedArtifacts(store)).find((each) => each.digest === digest)!.storedAt > before).toBe(true)
    expect(await store.removeUnlessStoredSince(digest, new Date(Date.now() + 1_000))).toBe(true)
    expect(await store.verify(digest)).toBe('missing')
    expect(await store.removeUnlessStoredSince(digest, new Date())).toBe(false)
  })

  it('never removes bytes under a writer that stores them again at that moment', async () => {
    const { store } = tested()
    const digests = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const bytes = text(`contended ${i}`)
        const { digest } = await store.put(bytes, 'text/plain')
        await tested().backdate(digest, new Date(Date.now() - 10 * 3_600_000))
        await Promise.all([
          store.removeUnlessStoredSince(digest, new Date(Date.now() - 3_600_000)),
          store.put(bytes, 'text/plain'),
        ])
        return digest
      }),
    )
    for (const digest of digests) expect(await store.verify(digest)).toBe('intact')
  })

  it('stores the same bytes once, however many writers bring them at the same time', async () => {
    const { store } = tested()
    const bytes = new Uint8Array(300_000).fill(7)
    const references = await Promise.all(Array.from({ length: 8 }, () => store.put(bytes, 'image/x')))
    expect(new Set(references.map(({ digest }) => digest)).size).toBe(1)
    const listed = (await listedArtifacts(store)).filter(({ digest }) => digest === references[0]!.digest)
    expect(listed).toEqual([{ digest: digestOfBytes(bytes), size: 300_000, storedAt: expect.any(Date) }])
  })

  it('lists what is stored and no longer lists what was removed', async () => {
    const { store } = tested()
    const { digest } = await store.put(text('for a while'), 'text/plain')
    expect((await listedArtifacts(store)).map((entry) => entry.digest)).toContain(digest)
    await store.remove(digest)
    await store.remove(digest)
    expect((await listedArtifacts(store)).map((entry) => entry.digest)).not.toContain(digest)
    expect(await store.verify(digest)).toBe('missing')
  })

  it('says which artifact is missing', async () => {
    const { store } = tested()
    const absent = digestOfBytes(text('never stored'))
    expect(await store.verify(absent)).toBe('missing')
    const error: unknown = await store.read(absent).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ArtifactMissing)
    expect(String(error)).toContain(absent)
    await expect(store.localFile(absent)).rejects.toBeInstanceOf(ArtifactMissing)
  })

  it('accepts nothing but 64 lowercase hexadecimal digits as a digest', async () => {
    const { store } = tested()
    for (const name of [
      '',
      '..',
      '../../etc/passwd',
      'A'.repeat(64),
      'g'.repeat(64),
      `${'a'.repeat(64)}/../x`,
      'a'.repeat(63),
    ]) {
      await expect(store.read(name)).rejects.toBeInstanceOf(ArtifactNameInvalid)
      await expect(store.verify(name)).rejects.toBeInstanceOf(ArtifactNameInvalid)
      await expect(store.remove(name)).rejects.toBeInstanceOf(ArtifactNameInvalid)
    }
  })
}

function fileCases(tested: () => StoreUnderTest, folder: () => string): void {
  it('stores a file under the same digest as its bytes, and hands out a local file with them', async () => {
    const { store } = tested()
    const bytes = new Uint8Array(2_500_000).map((_, i) => (i * 31) % 251)
    const path = join(folder(), 'weights.bin')
    await writeFile(path, bytes)
    const reference = await store.putFile(path, 'application/x-weights')
    expect(reference).toEqual({ digest: digestOfBytes(bytes), size: bytes.length, mediaType: 'application/x-weights' })
    expect(Buffer.compare(await readFile(await store.localFile(reference)), bytes)).toBe(0)
  })

  it('stores nothing when a file to be stored cannot be read, and fails with the error of the file system', async () => {
    const { store } = tested()
    const before = (await listedArtifacts(store)).length
    await expect(store.putFile(join(folder(), 'no-such-file'), 'text/plain')).rejects.toThrow('ENOENT')
    expect((await listedArtifacts(store)).length).toBe(before)
  })
}

function damageCases(tested: () => StoreUnderTest): void {
  it.each([
    ['one flipped bit', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))],
    ['a missing end', (bytes: Uint8Array) => bytes.slice(0, -1)],
    ['a byte too many', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ['nothing left', () => new Uint8Array()],
  ])('notices %s, and repairs it when the bytes are stored again', async (damage, change) => {
    const { store, corrupt } = tested()
    const bytes = text(`an artifact that will have ${damage}`)
    const reference = await store.put(bytes, 'text/plain')
    await corrupt(reference.digest, change(bytes))
    expect(await store.verify(reference.digest)).toBe('corrupt')
    await expect(store.read(reference)).rejects.toBeInstanceOf(ArtifactCorrupt)
    await expect(store.read(reference.digest)).rejects.toBeInstanceOf(ArtifactCorrupt)
    await expect(store.localFile(reference)).rejects.toBeInstanceOf(ArtifactCorrupt)
    await store.put(bytes, 'text/plain')
    expect(await store.verify(reference.digest)).toBe('intact')
    expect(new Uint8Array(await store.read(reference))).toEqual(bytes)
  })

  it('does not trust a reference whose size is not that of the bytes', async () => {
    const { store } = tested()
    const reference = await store.put(text('ten bytes.'), 'text/plain')
    await expect(store.read({ ...reference, size: 11 })).rejects.toBeInstanceOf(ArtifactCorrupt)
    await expect(store.localFile({ ...reference, size: 11 })).rejects.toBeInstanceOf(ArtifactCorrupt)
  })
}

function pointerCases(tested: () => StoreUnderTest): void {
  it('keeps the last value of a pointer until it is deleted', async () => {
    const { store } = tested()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }), async (values) => {
        for (const value of values) await store.writePointer('progress/a-stage', value as Json)
        expect(await store.readPointer('progress/a-stage')).toEqual(JSON.parse(JSON.stringify(values.at(-1))))
      }),
      { numRuns: 20 },
    )
    await store.deletePointer('progress/a-stage')
    await store.deletePointer('progress/a-stage')
    expect(await store.readPointer('progress/a-stage')).toBeNull()
  })

  it('keeps pointers apart, also when one name is the beginning of another', async () => {
    const { store } = tested()
    const names = ['a', 'a/b', 'a/b/c', 'a.json', 'a-b', 'a_b']
    for (const name of names) await store.writePointer(name, { name })
    for (const name of names) expect(await store.readPointer(name)).toEqual({ name })
  })

  it('shows a reader the old value or the new one, never a mixture', async () => {
    const { store } = tested()
    const values = Array.from({ length: 20 }, (_, i) => ({ i, text: String(i).repeat(20_000) }))
    await store.writePointer('busy', values[0]!)
    const writing = Promise.all(values.map((value) => store.writePointer('busy', value)))
    for (let i = 0; i < 20; i++) expect(values).toContainEqual(await store.readPointer('busy'))
    await writing
    expect(values).toContainEqual(await store.readPointer('busy'))
  })

  it('lists its pointers by their names, with the time of the last write', async () => {
    const { store } = tested()
    const before = new Date(Date.now() - 60_000)
    for (const name of ['listed/one', 'listed-two']) await store.writePointer(name, { step: 1 })
    const listed = []
    for await (const pointer of store.listPointers()) if (pointer.name.startsWith('listed')) listed.push(pointer)
    expect(listed.map(({ name }) => name).sort()).toEqual(['listed-two', 'listed/one'])
    for (const { writtenAt } of listed) expect(writtenAt > before).toBe(true)
  })

  it('gives null for a pointer whose stored form was damaged', async () => {
    const { store, corruptPointer } = tested()
    for (const damage of ['', '{', 'null', '{"sha256":"00","value":{"step":9}}', '[1,2,3]']) {
      await store.writePointer('damaged', { step: 1 })
      await corruptPointer('damaged', text(damage))
      expect(await store.readPointer('damaged')).toBeNull()
    }
  })

  it('refuses names that could lead out of its folder or differ between file systems', async () => {
    const { store } = tested()
    for (const name of [
      '',
      '.',
      '..',
      '../x',
      'a/../../x',
      '/etc/x',
      'a//b',
      'a/',
      'Upper',
      'a b',
      'a\0b',
      'a\\b',
      'a'.repeat(201),
    ]) {
      await expect(store.writePointer(name, 1)).rejects.toBeInstanceOf(ArtifactNameInvalid)
      await expect(store.readPointer(name)).rejects.toBeInstanceOf(ArtifactNameInvalid)
      await expect(store.deletePointer(name)).rejects.toBeInstanceOf(ArtifactNameInvalid)
    }
  })
}

/** Everything a store lists. */
export async function listedArtifacts(store: ArtifactStore): Promise<StoredArtifact[]> {
  const entries: StoredArtifact[] = []
  for await (const entry of store.list()) entries.push(entry)
  return entries
}
