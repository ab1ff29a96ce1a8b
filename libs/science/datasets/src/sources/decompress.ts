import { Readable, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { InvalidDataset } from '../invalid-dataset.ts'

/** Most bytes to which one read of a compressed file may unpack. Archives of images hardly shrink; bombs do. */
const mostBytesOfRead = 64 * 2 ** 20

/**
 * The bytes of a file, which are unpacked while they are read. The compression is told by the first bytes: gzip (RFC
 * 1952), Zstandard (RFC 8878) or none.
 */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return
  const whole = from(first.value, iterator)
  const [a, b, c, d] = first.value
  try {
    if (a === 0x1f && b === 0x8b) yield* pipeline(Readable.from(whole), createGunzip(), () => {})
    else if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) yield* unpackZstd(whole)
    else yield* whole
  } catch (error) {
    if (error instanceof InvalidDataset || (error as NodeJS.ErrnoException).syscall) throw error
    throw new InvalidDataset(`The dataset archive cannot be unpacked (${(error as Error).message}); fetch it again.`)
  }
}

async function* from(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** Unpacks Zstandard, which Node 20 does not have. Each chunk is unpacked before the next is read. */
async function* unpackZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let unpackedOfRead = 0
  const decoder = new Decompress((part) => {
    unpackedOfRead += part.length
    if (unpackedOfRead > mostBytesOfRead)
      throw new InvalidDataset('The dataset archive unpacks to implausibly many bytes; fetch it again or pack it anew.')
    parts.push(part)
  })
  for await (const chunk of chunks) {
    unpackedOfRead = 0
    decoder.push(chunk)
    yield* parts
    parts = []
  }
  decoder.push(new Uint8Array(0), true)
  yield* parts
}
