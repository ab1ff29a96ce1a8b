import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { InvalidDataset } from './invalid-dataset.ts'

/** Most bytes to which one read of a compressed file may unpack. Archives of images hardly shrink; bombs do. */
const mostBytesOfRead = 64 * 2 ** 20

export type Compression = 'gzip' | 'zstd' | 'none'

/** A file's compression by its first bytes: gzip (RFC 1952), Zstandard (RFC 8878) or none. */
export async function compressionOf(path: string): Promise<Compression> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(new Uint8Array(4), 0, 4, 0)
    if (buffer[0] === 0x1f && buffer[1] === 0x8b) return 'gzip'
    return buffer[0] === 0x28 && buffer[1] === 0xb5 && buffer[2] === 0x2f && buffer[3] === 0xfd ? 'zstd' : 'none'
  } finally {
    await file.close()
  }
}

/** The bytes of a file, which are unpacked while they are read. */
export async function* readDecompressed(path: string): AsyncGenerator<Uint8Array> {
  const compression = await compressionOf(path)
  try {
    if (compression === 'zstd') yield* unpackZstd(createReadStream(path))
    else if (compression === 'none') yield* createReadStream(path)
    else yield* pipeline(createReadStream(path), createGunzip(), () => {})
  } catch (error) {
    if (error instanceof InvalidDataset || (error as NodeJS.ErrnoException).syscall) throw error
    throw new InvalidDataset(`The dataset archive cannot be unpacked (${(error as Error).message}); fetch it again.`)
  }
}

/** Unpacks Zstandard, which Node 20 does not have. Each chunk is unpacked before the next is read. */
async function* unpackZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = []
  let unpackedOfRead = 0
  const decoder = new Decompress((part) => {
    unpackedOfRead += part.length
    if (unpackedOfRead > mostBytesOfRead)
      throw new InvalidDataset('The dataset archive unpacks to implausibly many bytes; fetch it again or pack it anew.')
    unpacked.push(part)
  })
  for await (const chunk of chunks) {
    unpackedOfRead = 0
    decoder.push(chunk)
    yield* unpacked
    unpacked = []
  }
  decoder.push(new Uint8Array(0), true)
  yield* unpacked
}
