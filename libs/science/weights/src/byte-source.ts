import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { refuse } from './checkpoint-unreadable.ts'

/** The bytes of a checkpoint, in memory or in a file. Of a file only what is asked for is read. */
export interface ByteSource {
  readonly size: number
  /** Gives bytes that must be inside the source: a view of those in memory, or a new buffer from a file. */
  read(start: number, length: number): Uint8Array
}

/** Bytes in memory. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.byteLength, read: (start, length) => bytes.subarray(start, start + length) }
}

/** Runs `action` on the bytes of a file, and closes the file when it returns. What it read stays valid. */
export function withBytesOfFile<Result>(path: string, action: (source: ByteSource) => Result): Result {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    return action({ size, read: (start, length) => readFully(file, start, length) })
  } finally {
    closeSync(file)
  }
}

/** Reads in several steps, since one read gives at most 2 GiB. */
function readFully(file: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), start + done)
    if (count === 0) refuse(`it ends early, at byte ${start + done}`)
    done += count
  }
  return bytes
}
