import { createHash, randomUUID, type Hash } from 'node:crypto'
import { createReadStream, type BigIntStats } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOfFile, writeAtomically } from '@gauntlet/files'
import { canonicalJson, digestOf, type ArtifactReference, type Digest, type Json } from '@gauntlet/study'
import { ArtifactCorrupt } from './artifact-corrupt.ts'
import { ArtifactMissing } from './artifact-missing.ts'
import { requireDigest, requirePointerName } from './artifact-name-invalid.ts'
import { codeOf, onStore } from './artifact-store-unavailable.ts'
import type { ArtifactState, ArtifactStore, StoredArtifact, StoredPointer } from './artifact-store.ts'
import { VerifiedFiles } from './verified-files.ts'
import { namesIn, sweepTemporaries, temporaryFolder } from './temporary-folder.ts'

const hour = 3_600_000

/** Milliseconds within which an artifact counts as stored just now, so that its time need not be written again. */
const recently = 600_000

/**
 * Artifacts as files of one folder: `sha256/ab/abcdef…` read-only, `pointers/<name>.json`, `temporary/` for files being
 * written. Several processes, also on several machines over a network file system, may use one folder at once.
 */
export class FileArtifactStore implements ArtifactStore {
  #swept = false

  /** @param staleAfter milliseconds without a write after which a temporary file is taken for abandoned. */
  constructor(
    private readonly root: string,
    private readonly staleAfter = hour,
    private readonly verified = new VerifiedFiles(null),
  ) {}

  async put(bytes: Uint8Array, mediaType: string): Promise<ArtifactReference> {
    const digest = createHash('sha256').update(bytes).digest('hex')
    if ((await this.verify(digest)) !== 'intact' || !(await this.#renew(digest))) {
      await this.#write(0o444, async (file) => {
        await file.writeFile(bytes)
        return artifactPath(digest)
      })
      await this.#note(digest)
    }
    return { digest, size: bytes.byteLength, mediaType }
  }

  async putFile(path: string, mediaType: string): Promise<ArtifactReference> {
    const hash = createHash('sha256')
    let written = { digest: '', size: 0 }
    await this.#write(0o444, async (file) => {
      const size = await copyInto(file, path, hash)
      written = { digest: hash.digest('hex'), size }
      return artifactPath(written.digest)
    })
    await this.#note(written.digest)
    return { ...written, mediaType }
  }

  async read(artifact: ArtifactReference | Digest): Promise<Uint8Array> {
    const { digest, path } = this.#locate(artifact)
    const before = await this.#orMissing(digest, () => stat(path, { bigint: true }))
    const bytes = await this.#orMissing(digest, () => readFile(path))
    const found = createHash('sha256').update(bytes).digest('hex')
    if (found !== digest) this.verified.forget(digest, before)
    this.#require(artifact, bytes.byteLength, found)
    this.verified.add(digest, before) // so that verifying it later reads nothing again
    return bytes
  }

  async localFile(artifact: ArtifactReference | Digest): Promise<string> {
    const { digest, path } = this.#locate(artifact)
    const state = await this.#orMissing(digest, () => stat(path, { bigint: true }))
    if (!this.verified.has(digest, state)) return this.#verifiedFile(artifact, state)
    this.#require(artifact, Number(state.size), digest)
    return path
  }

  /** Reads the whole file, whatever is noted of it. `known`: its state now, where the caller has just asked. */
  async #verifiedFile(artifact: ArtifactReference | Digest, known?: BigIntStats): Promise<string> {
    const { digest, path } = this.#locate(artifact)
    const before = known ?? (await this.#orMissing(digest, () => stat(path, { bigint: true })))
    const found = await this.#orMissing(digest, () => digestOfFile(path, before.size))
    if (found !== digest) this.verified.forget(digest, before)
    this.#require(artifact, Number(before.size), found)
    this.verified.add(digest, before)
    return path
  }

  async verify(digest: Digest, { again = false }: { again?: boolean } = {}): Promise<ArtifactState> {
    try {
      await (again ? this.#verifiedFile(digest) : this.localFile(digest))
      return 'intact'
    } catch (error) {
      if (error instanceof ArtifactMissing) return 'missing'
      if (error instanceof ArtifactCorrupt) return 'corrupt'
      throw error
    }
  }

  async remove(digest: Digest): Promise<void> {
    const { path } = this.#locate(digest)
    await onStore(this.root, () => rm(path, { force: true }))
  }

  async removeUnlessStoredSince(digest: Digest, time: Date): Promise<boolean> {
    const { path } = this.#locate(digest)
    const aside = join(temporaryFolder(this.root), `removed-${randomUUID()}`)
    return onStore(this.root, async () => {
      // Out of the way first: whoever stores it from now on writes a new file, and whoever did before has renewed
      // this one.
      if (!(await moved(path, aside))) return false
      const found = await stat(aside).catch(nullIfAbsent)
      if (!found) return true // It is old, and another process has swept it.
      const { mtime } = found
      if (mtime > time) await rename(aside, path)
      else await rm(aside)
      return mtime <= time
    })
  }

  async *list(): AsyncGenerator<StoredArtifact> {
    const top = join(this.root, 'sha256')
    for (const prefix of await onStore(this.root, () => namesIn(top))) {
      for (const digest of await onStore(this.root, () => namesIn(join(top, prefix)))) {
        if (!/^[0-9a-f]{64}$/.test(digest) || !digest.startsWith(prefix)) continue // not a file of this store
        const found = await stat(join(top, prefix, digest)).catch(nullIfAbsent)
        if (found) yield { digest, size: found.size, storedAt: found.mtime }
      }
    }
  }

  async *listPointers(): AsyncGenerator<StoredPointer> {
    const folder = join(this.root, 'pointers')
    for (const file of await onStore(this.root, () => namesIn(folder))) {
      if (!file.endsWith('.json')) continue
      const found = await stat(join(folder, file)).catch(nullIfAbsent)
      if (found) yield { name: decodeURIComponent(file.slice(0, -'.json'.length)), writtenAt: found.mtime }
    }
  }

  async readPointer(name: string): Promise<Json> {
    const text = await onStore(this.root, () => readFile(this.#pointer(name), 'utf8').catch(nullIfAbsent))
    return text === null ? null : trustedValue(text)
  }

  async writePointer(name: string, value: Json): Promise<void> {
    requirePointerName(name)
    const text = canonicalJson({ sha256: digestOf(value), value })
    await this.#write(0o644, async (file) => {
      await file.writeFile(text)
      return pointerPath(name)
    })
  }

  async deletePointer(name: string): Promise<void> {
    await onStore(this.root, () => rm(this.#pointer(name), { force: true }))
  }

  async #write(mode: number, write: (file: FileHandle) => Promise<string>): Promise<void> {
    await onStore(this.root, async () => {
      if (!this.#swept) await Promise.all([sweepTemporaries(this.root, this.staleAfter), this.verified.shorten()])
      this.#swept = true
      const temporary = join(temporaryFolder(this.root), randomUUID())
      await writeAtomically(temporary, mode, async (file) => join(this.root, await write(file)))
    })
  }

  /**
   * Notes that an artifact was stored again, as intact as before; false where it has just been removed, or is of
   * another account, which alone may set its time.
   */
  async #renew(digest: Digest): Promise<boolean> {
    const { path } = this.#locate(digest)
    return onStore(this.root, async () => {
      const found = await stat(path).catch(nullIfAbsent)
      if (!found || Date.now() - found.mtimeMs < recently) return found !== null
      const now = new Date()
      const ofAnother = (error: unknown) => (['EPERM', 'EACCES'].includes(codeOf(error)!) ? null : nullIfAbsent(error))
      if ((await utimes(path, now, now).catch(ofAnother)) === null) return false
      const renewed = await stat(path, { bigint: true }).catch(nullIfAbsent)
      if (renewed) this.verified.add(digest, renewed)
      return renewed !== null
    })
  }

  /** Notes that an artifact was verified, because its bytes were hashed while they were written. */
  async #note(digest: Digest): Promise<void> {
    const found = await stat(join(this.root, artifactPath(digest)), { bigint: true }).catch(nullIfAbsent)
    if (found) this.verified.add(digest, found)
  }

  #locate(artifact: ArtifactReference | Digest): { digest: Digest; path: string } {
    const digest = typeof artifact === 'string' ? artifact : artifact.digest
    requireDigest(digest)
    return { digest, path: join(this.root, artifactPath(digest)) }
  }

  #pointer(name: string): string {
    requirePointerName(name)
    return join(this.root, pointerPath(name))
  }

  async #orMissing<Result>(digest: Digest, read: () => Promise<Result>): Promise<Result> {
    return onStore(this.root, read).catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' ? new ArtifactMissing(digest, this.root) : error
    })
  }

  #require(artifact: ArtifactReference | Digest, size: number, found: Digest): void {
    const { digest, path } = this.#locate(artifact)
    if (found !== digest) throw new ArtifactCorrupt(digest, path, `its ${size} bytes have digest ${found}`)
    if (typeof artifact !== 'string' && artifact.size !== size) {
      throw new ArtifactCorrupt(digest, path, `it has ${size} bytes and its reference says ${artifact.size}`)
    }
  }
}

function artifactPath(digest: Digest): string {
  return join('sha256', digest.slice(0, 2), digest)
}

/** All pointers lie in one folder: with `/` written as `%2F`, no name of a pointer is the folder of another. */
function pointerPath(name: string): string {
  return join('pointers', `${encodeURIComponent(name)}.json`)
}

/** The value of a pointer file, or `null` when its bytes are not those that were written. */
function trustedValue(text: string): Json {
  try {
    const { sha256, value } = JSON.parse(text) as { sha256: string; value: Json }
    return digestOf(value) === sha256 ? value : null
  } catch {
    return null
  }
}

/** Whether a file was there to be moved. */
async function moved(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true })
  return rename(from, to).then(
    () => true,
    (error: unknown) => nullIfAbsent(error) !== null,
  )
}

function nullIfAbsent(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}

/** Copies a file into an open one while hashing what is written; returns the number of bytes. */
async function copyInto(file: FileHandle, path: string, hash: Hash): Promise<number> {
  let size = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
    await file.writeFile(chunk as Buffer)
    size += (chunk as Buffer).byteLength
  }
  return size
}
