import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomically } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'

/** Lines of the file per digest beyond which it is written anew, and fewest lines for which that pays. */
const [mostLinesPerDigest, fewestLines] = [2, 10_000]

/**
 * The files of a store that were verified on this machine, each by size, inode and the times of its last change: of its
 * bytes, which a program may set, and of its inode, which only the system sets. One that has changed since is not
 * trusted. All processes of the machine share the file in which this is noted, where there is
 * one.
 */
export class VerifiedFiles {
  readonly #stamps = new Map<Digest, string>()
  /** Bytes of the file that have been read, and the lines in them. */
  #read = 0
  #lines = 0

  /** @param file where to note them; null keeps them in memory. */
  constructor(private readonly file: string | null) {}

  /** Whether these very bytes were verified: `state` is that of the file now. */
  has(digest: Digest, state: BigIntStats): boolean {
    if (this.#stamps.get(digest) === stampOf(state)) return true
    this.#readMore()
    return this.#stamps.get(digest) === stampOf(state)
  }

  add(digest: Digest, state: BigIntStats): void {
    const stamp = stampOf(state)
    if (this.#stamps.get(digest) === stamp) return
    this.#stamps.set(digest, stamp)
    if (this.file === null) return
    try {
      mkdirSync(dirname(this.file), { recursive: true })
      appendFileSync(this.file, `${digest} ${stamp}\n`) // one short write, which others see whole or not at all
    } catch {
      // The disk is full, or it may not be written: other processes verify the file themselves.
    }
  }

  /** Forgets a file whose bytes turned out to be others. */
  forget(digest: Digest, state: BigIntStats): void {
    if (this.has(digest, state)) this.add(digest, { ...state, size: -1n } as BigIntStats)
  }

  /** Writes the file anew once most of its lines are outdated. Lines that are added meanwhile may be lost. */
  async shorten(): Promise<void> {
    this.#readMore()
    if (this.file === null || this.#lines < Math.max(fewestLines, mostLinesPerDigest * this.#stamps.size)) return
    const lines = [...this.#stamps].map(([digest, stamp]) => `${digest} ${stamp}\n`)
    await writeFileAtomically(this.file, lines.join(''))
    this.#read = this.#lines = 0
  }

  /** Reads what processes have added. A line that is not whole yet, or damaged, counts as absent. */
  #readMore(): void {
    const text = this.#rest()
    const end = text.lastIndexOf('\n') + 1
    for (const line of text.slice(0, end).split('\n')) {
      const [, digest, stamp] = /^([0-9a-f]{64}) (\S+)$/.exec(line) ?? []
      if (digest && stamp) this.#stamps.set(digest, stamp)
      this.#lines += 1
    }
    this.#read += Buffer.byteLength(text.slice(0, end))
  }

  #rest(): string {
    if (this.file === null) return ''
    let descriptor: number
    try {
      descriptor = openSync(this.file, 'r')
    } catch {
      return '' // Nothing was noted yet, or it cannot be read: files are verified again.
    }
    try {
      const { size } = fstatSync(descriptor)
      if (size < this.#read) this.#read = 0 // written anew by another process
      const bytes = Buffer.alloc(size - this.#read)
      readSync(descriptor, bytes, 0, bytes.length, this.#read)
      return bytes.toString('latin1')
    } finally {
      closeSync(descriptor)
    }
  }
}

function stampOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${size}:${mtimeNs}:${ctimeNs}:${ino}`
}
