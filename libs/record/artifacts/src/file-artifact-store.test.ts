import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeArtifactStore, listedArtifacts } from './artifact-store.case.ts'
import { ArtifactStoreUnavailable } from './artifact-store-unavailable.ts'
import { FileArtifactStore } from './file-artifact-store.ts'
import { VerifiedFiles } from './verified-files.ts'

let root: string
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'gauntlet-store-'))))
afterAll(() => rm(root, { recursive: true, force: true }))

const pathIn = (folder: string, digest: string) => join(folder, 'sha256', digest.slice(0, 2), digest)

describeArtifactStore('an artifact store in a folder', async () => {
  const folder = join(root, 'common', 'cases')
  return {
    store: new FileArtifactStore(folder),
    async corrupt(digest, bytes) {
      await chmod(pathIn(folder, digest), 0o644)
      await writeFile(pathIn(folder, digest), bytes)
    },
    backdate: (digest, time) => utimes(pathIn(folder, digest), time, time),
    corruptPointer: (name, bytes) => writeFile(join(folder, 'pointers', `${name}.json`), bytes),
  }
})

describe('the folder of an artifact store', () => {
  it('holds artifacts as read-only files below the first two digits of their digest', async () => {
    const folder = join(root, 'layout')
    const { digest } = await new FileArtifactStore(folder).put(Uint8Array.of(1, 2, 3), 'x/y')
    expect((await stat(pathIn(folder, digest))).mode & 0o777).toBe(0o444)
    expect(await readdir(join(folder, 'temporary'))).toEqual([])
  })

  it('lists only what can be an artifact', async () => {
    const folder = join(root, 'other-files')
    const store = new FileArtifactStore(folder)
    const { digest } = await store.put(Uint8Array.of(4), 'x/y')
    await writeFile(join(folder, 'sha256', digest.slice(0, 2), 'README'), 'hello')
    await mkdir(join(folder, 'sha256', 'zz'))
    await writeFile(join(folder, 'sha256', 'zz', digest), 'in the wrong place')
    expect(await listedArtifacts(store)).toEqual([{ digest, size: 1, storedAt: expect.any(Date) }])
  })

  it('removes temporary files that nobody has written to for an hour, and keeps younger ones', async () => {
    const folder = join(root, 'sweep')
    await mkdir(join(folder, 'temporary'), { recursive: true })
    await writeFile(join(folder, 'temporary', 'abandoned'), 'half of somethi')
    await utimes(join(folder, 'temporary', 'abandoned'), new Date(0), new Date(0))
    await writeFile(join(folder, 'temporary', 'young'), 'half of somethi')
    await new FileArtifactStore(folder).put(Uint8Array.of(5), 'x/y')
    expect(await readdir(join(folder, 'temporary'))).toEqual(['young'])
  })

  it.each<[string, (store: FileArtifactStore, digest: string) => Promise<unknown>]>([
    ['when it is told to read again', (store, digest) => store.verify(digest, { again: true })],
    ['when somebody reads it', (store, digest) => store.read(digest).catch(() => undefined)],
  ])('finds out %s that the disk has changed bytes it had verified, and trusts them no more', async (_, look) => {
    const folder = await mkdtemp(join(root, 'rot-'))
    const verified = new VerifiedFiles(null)
    const store = new FileArtifactStore(folder, undefined, verified)
    const { digest } = await store.put(Uint8Array.of(1, 2, 3), 'x/y')
    await chmod(pathIn(folder, digest), 0o644)
    await writeFile(pathIn(folder, digest), Uint8Array.of(1, 2, 4))
    verified.add(digest, await stat(pathIn(folder, digest), { bigint: true })) // a disk that rots changes no time
    expect(await store.verify(digest)).toBe('intact')
    await look(store, digest)
    expect(await store.verify(digest)).toBe('corrupt')
  })

  it('says in one sentence that its path is not a folder', async () => {
    const file = join(root, 'a-file')
    await writeFile(file, '')
    const store = new FileArtifactStore(join(file, 'store'))
    const error: unknown = await store.put(Uint8Array.of(6), 'x/y').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ArtifactStoreUnavailable)
    expect(String(error)).toMatch(/a part of the path is a file; point GAUNTLET_ARTIFACTS to a folder\.$/)
  })

  it('holds nothing but whole artifacts after its writer was killed while writing', async () => {
    const folder = join(root, 'killed')
    const writer = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('./endless-writer.ts', import.meta.url)), pathToFileURL(folder).href],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(writer.stdout, 'data') // the first artifact is stored
    await sleep(150)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    const store = new FileArtifactStore(folder)
    const stored = await listedArtifacts(store)
    expect(stored.length).toBeGreaterThan(0)
    for (const { digest } of stored) expect(await store.verify(digest)).toBe('intact')
    expect(await store.readPointer('last')).toMatch(/^[0-9a-f]{64}$/)
  })
})
