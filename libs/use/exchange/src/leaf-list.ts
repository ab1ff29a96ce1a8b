import { createReadStream, createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { SealInvalid } from '@gauntlet/seals'

/** The media type of a list of leaves. */
export const leafListType = 'application/vnd.gauntlet.leaves+gzip'

/** What a list says of one leaf: where its fact stands in the record, its salt and its hash in hexadecimal digits. */
export interface ListedLeaf {
  /** Null where the fact is withheld. */
  readonly place: string | null
  readonly salt: string | null
  readonly hash: string
}

/**
 * Writes the list of a seal's leaves: lines of JSON, compressed. It lets a later look at the ledger name what has
 * changed, and has the salts. Its first line has the secret that they were made with, where that is known.
 */
export class LeafListWriter {
  readonly #gzip = createGzip({ level: 4 })
  readonly #done: Promise<void>
  /** Lines that are not written yet: each write is a turn of the thread that compresses. */
  #lines: string

  constructor(path: string, secret: string | null) {
    this.#done = finished(this.#gzip.pipe(createWriteStream(path)))
    this.#lines = `${JSON.stringify({ secret })}\n`
  }

  async add({ place, salt, hash }: ListedLeaf): Promise<void> {
    this.#lines += `${JSON.stringify([place, salt, hash])}\n`
    if (this.#lines.length > 1 << 16) await this.#flush()
  }

  async close(): Promise<void> {
    await this.#flush()
    this.#gzip.end()
    await this.#done
  }

  async #flush(): Promise<void> {
    const lines = this.#lines
    this.#lines = ''
    if (!this.#gzip.write(lines)) await once(this.#gzip, 'drain')
  }
}

/** A list as it is read. */
export interface LeafList {
  readonly secret: string | null
  /** In pages. */
  readonly leaves: AsyncIterable<readonly ListedLeaf[]>
  /** Closes the file, for whoever does not read to its end. */
  close(): Promise<void>
}

/** Opens a list of leaves. What it says is worth nothing until its root is that of a seal. Throws `SealInvalid`. */
export async function openLeafList(path: string): Promise<LeafList> {
  const pages = linesOf(path)
  const [first, ...others] = (await pages.next()).value ?? []
  const header = first === undefined ? null : (parsed(first, path) as { secret?: unknown } | null)
  const secret = header?.secret
  if (typeof secret !== 'string' && secret !== null) throw new SealInvalid(`${path} is no list of leaves.`)
  const close = async () => void (await pages.return(undefined))
  return { secret, leaves: leavesIn(others, pages, path), close }
}

async function* leavesIn(
  first: readonly string[],
  others: AsyncIterable<readonly string[]>,
  path: string,
): AsyncGenerator<readonly ListedLeaf[]> {
  yield first.map((line) => leafIn(line, path))
  for await (const page of others) yield page.map((line) => leafIn(line, path))
}

function leafIn(line: string, path: string): ListedLeaf {
  const leaf = parsed(line, path)
  if (!isLeaf(leaf)) throw new SealInvalid(`${path} is no list of leaves.`)
  const [place, salt, hash] = leaf
  return { place, salt, hash }
}

function isLeaf(value: unknown): value is [place: string | null, salt: string | null, hash: string] {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [place, salt, hash] = value as unknown[]
  const isWithheld = place === null && salt === null
  return (isWithheld || (typeof place === 'string' && typeof salt === 'string')) && /^[0-9a-f]{64}$/.test(String(hash))
}

/** The lines of a compressed file, as many at a time as are unpacked together. */
async function* linesOf(path: string): AsyncGenerator<string[], undefined> {
  const file = createReadStream(path)
  const unpacked = file.pipe(createGunzip({ chunkSize: 1 << 18 })).setEncoding('utf8')
  file.on('error', (error) => unpacked.destroy(error)) // which `pipe` does not hand on
  let begun = ''
  try {
    for await (const text of unpacked as AsyncIterable<string>) {
      const lines = (begun + text).split('\n')
      begun = lines.pop()!
      if (lines.length > 0) yield lines
    }
  } catch (error) {
    throw new SealInvalid(`${path} is damaged (${String(error)}).`)
  } finally {
    file.destroy()
  }
  if (begun !== '') yield [begun]
}

function parsed(line: string, path: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new SealInvalid(`${path} is no list of leaves.`)
  }
}
