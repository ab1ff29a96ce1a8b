import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { refuse } from './checkpoint-unreadable.ts'

/** Where a checkpoint's bytes are: in memory, or in a file of which only what is asked for is read. */
export interface ByteSource {
  readonly size: number
  /** These bytes, which must lie inside: a view of what is in memory, a buffer of their own from a file. */
  read(start: number, length: number): Uint8Array
}

/** Bytes in memory. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.byteLength, read: (start, length) => bytes.subarray(start, start + length) }
}

/** Runs `action` on the bytes of a file. What it reads stays valid; the file is closed when it returns. */
export function withBytesOfFile<Result>(path: string, action: (source: ByteSource) => Result): Result {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    return action({ size, read: (start, length) => readFully(file, start, length) })
  } finally {
    closeSync(file)
  }
}

/** One read gives at most 2 GiB. */
function readFully(file: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), start + done)
    if (count === 0) refuse(`it ends early, at byte ${start + done}`)
    done += count
  }
  return bytes
}
