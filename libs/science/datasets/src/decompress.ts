import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { InvalidDataset } from './invalid-dataset.ts'

/** One read of a compressed file may not unpack to more than this: image archives hardly shrink, bombs do. */
const largestBurst = 64 * 2 ** 20

export type Compression = 'gzip' | 'zstd' | 'none'

/** What a file's first bytes say it is: gzip (RFC 1952) or Zstandard (RFC 8878). */
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

/** A file's bytes, unpacked while they are read. */
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

/**
 * Node 20 has no Zstandard of its own. The decoder works in step with the file: each read is unpacked before the next.
 */
async function* unpackZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = []
  let burst = 0
  const decoder = new Decompress((part) => {
    burst += part.length
    if (burst > largestBurst)
      throw new InvalidDataset('The dataset archive unpacks to implausibly many bytes; fetch it again or pack it anew.')
    unpacked.push(part)
  })
  for await (const chunk of chunks) {
    burst = 0
    decoder.push(chunk)
    yield* unpacked
    unpacked = []
  }
  decoder.push(new Uint8Array(0), true)
  yield* unpacked
}
