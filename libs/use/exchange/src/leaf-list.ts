import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
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

  constructor(path: string, secret: string | null) {
    this.#done = finished(this.#gzip.pipe(createWriteStream(path)))
    this.#gzip.write(`${JSON.stringify({ secret })}\n`)
  }

  async add({ place, salt, hash }: ListedLeaf): Promise<void> {
    if (!this.#gzip.write(`${JSON.stringify([place, salt, hash])}\n`)) await once(this.#gzip, 'drain')
  }

  async close(): Promise<void> {
    this.#gzip.end()
    await this.#done
  }
}

/** A list as it is read. */
export interface LeafList {
  readonly secret: string | null
  readonly leaves: AsyncIterable<ListedLeaf>
}

/** Opens a list of leaves. What it says is worth nothing until its root is that of a seal. Throws `SealInvalid`. */
export async function openLeafList(path: string): Promise<LeafList> {
  const lines = linesOf(path)
  const first = await lines.next()
  const header = first.done ? null : (parsed(first.value, path) as { secret?: unknown } | null)
  const secret = header?.secret
  if (typeof secret !== 'string' && secret !== null) throw new SealInvalid(`${path} is no list of leaves.`)
  return { secret, leaves: leavesIn(lines, path) }
}

async function* leavesIn(lines: AsyncIterable<string>, path: string): AsyncGenerator<ListedLeaf> {
  for await (const line of lines) {
    const [place, salt, hash] = parsed(line, path) as (string | null)[]
    yield { place: place!, salt: salt!, hash: hash! }
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const unpacked = createReadStream(path).pipe(createGunzip())
  try {
    yield* createInterface({ input: unpacked, crlfDelay: Infinity })
  } catch (error) {
    throw new SealInvalid(`${path} is damaged (${String(error)}).`)
  }
}

function parsed(line: string, path: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new SealInvalid(`${path} is no list of leaves.`)
  }
}
