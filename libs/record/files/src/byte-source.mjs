import { constants } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** @typedef {import('./refuse.mjs').Refuse} Refuse */

/**
 * Where bytes are: in memory, or in a file of which only what is asked for is read.
 * @typedef {object} ByteSource
 * @property {number} size bytes
 * @property {(start: number, length: number) => Uint8Array} read these bytes, which must lie inside: a view of what is
 *   in memory, an array of its own from a file
 */

/**
 * Bytes in memory.
 * @param {Uint8Array} bytes
 * @returns {ByteSource}
 */
export function bytesInMemory(bytes) {
  return { size: bytes.byteLength, read: (start, length) => bytes.subarray(start, start + length) }
}

/**
 * Runs `action` on the bytes of a file. What it reads stays valid; the file is closed when it returns.
 * @template Result
 * @param {string} path
 * @param {(source: ByteSource) => Result} action
 * @param {Refuse} refuse called when the file ends before the bytes asked for
 * @returns {Result}
 */
export function withBytesOfFile(path, action, refuse) {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    return action({ size, read: (start, length) => readFully(file, start, length, refuse) })
  } finally {
    closeSync(file)
  }
}

/**
 * One call of the system reads at most 2 GiB, so a long range takes several.
 * @param {number} file
 * @param {number} start
 * @param {number} length
 * @param {Refuse} refuse
 */
function readFully(file, start, length, refuse) {
  if (length > constants.MAX_LENGTH)
    // 4 GiB before Node.js 22
    refuse(`it has a part of ${(length / 2 ** 30).toFixed(1)} GiB, which this Node.js cannot hold; use a newer one`)
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), start + done)
    if (count === 0) refuse(`it ends early, at byte ${start + done}`)
    done += count
  }
  return bytes
}
