import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { diskFullOr } from './disk-full.mjs'
import { hostMark, namesOfEndedProcesses } from './process-mark.mjs'

/** @typedef {import('node:fs/promises').FileHandle} FileHandle */

/**
 * Writes a file so that a reader, also one after a power cut, finds the whole new file or what was there before: under
 * a temporary name, fsync, rename, fsync of the folder.
 * @param {string} temporary path on the file system of the destination
 * @param {number} mode of the finished file
 * @param {(file: FileHandle) => Promise<string>} write fills the file and gives the path under which it is to appear
 */
export async function writeAtomically(temporary, mode, write) {
  await makeFolder(dirname(temporary))
  try {
    const path = await writeSynced(temporary, mode, write)
    await makeFolder(dirname(path))
    await renameDurably(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Writes content that is in memory, atomically as above.
 * @param {string} path
 * @param {string | Uint8Array} content
 * @param {number} [mode]
 */
export async function writeFileAtomically(path, content, mode = 0o644) {
  await writeBeside(path, mode, (file) => file.writeFile(content))
}

/**
 * Writes pieces as they come, atomically as above, once `check` has accepted the SHA-256 of all.
 * @param {AsyncIterable<Uint8Array>} pieces
 * @param {string} path
 * @param {object} [options]
 * @param {number} [options.mode]
 * @param {(digest: string) => void} [options.check] throws to refuse the content
 * @param {(bytes: number) => void} [options.onBytes] called after each piece with its length
 * @param {AbortSignal | undefined} [options.signal]
 * @returns {Promise<string>} the SHA-256
 */
export async function writePiecesAtomically(pieces, path, { mode = 0o644, check, onBytes, signal } = {}) {
  const hash = createHash('sha256')
  let digest = ''
  await writeBeside(path, mode, async (file) => {
    for await (const piece of pieces) {
      signal?.throwIfAborted()
      await file.writeFile(piece)
      hash.update(piece)
      onBytes?.(piece.length)
    }
    digest = hash.digest('hex')
    check?.(digest)
  })
  return digest
}

/**
 * Writes a file atomically as above, under a temporary name beside it.
 * @param {string} path
 * @param {number} mode
 * @param {(file: FileHandle) => Promise<void>} write
 */
export async function writeBeside(path, mode, write) {
  await sweepOnce(dirname(resolve(path)))
  try {
    const temporary = `${path}.${hostMark()}${process.pid}-${randomBytes(6).toString('hex')}.tmp`
    await writeAtomically(temporary, mode, async (file) => {
      await write(file)
      return path
    })
  } catch (error) {
    throw diskFullOr(error, path)
  }
}

/** The folders in which this process has removed what killed ones had left. */
const swept = new Set()

/**
 * Removes the temporary files in a folder that killed processes of this host have left, the first time that this
 * process writes there.
 * @param {string} folder
 */
async function sweepOnce(folder) {
  if (swept.has(folder)) return
  swept.add(folder)
  try {
    const temporary = (await readdir(folder)).filter((name) => name.endsWith('.tmp'))
    for (const name of namesOfEndedProcesses(temporary)) await rm(join(folder, name), { force: true })
  } catch {
    // The folder is not there yet, or is another account's.
  }
}

/**
 * @param {string} temporary
 * @param {number} mode
 * @param {(file: FileHandle) => Promise<string>} write
 */
async function writeSynced(temporary, mode, write) {
  const file = await open(temporary, 'wx', 0o600)
  try {
    const path = await write(file)
    await file.chmod(mode)
    await file.sync()
    return path
  } finally {
    await file.close()
  }
}

/**
 * Gives a file that is on the disk another name, so that the name is on the disk too.
 * @param {string} from
 * @param {string} to in a folder that exists
 */
export async function renameDurably(from, to) {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/**
 * Makes a folder and its parents durable: after a power cut a file is lost, fsync or not, if its folder is. Node's own
 * way to make the parents too never ends where there can be none, as below `/proc`.
 * @param {string} folder
 */
async function makeFolder(folder) {
  const absolute = resolve(folder)
  if (await isNowThere(absolute)) return
  await makeFolder(dirname(absolute))
  if (!(await isNowThere(absolute))) await mkdir(absolute)
}

/**
 * Makes a folder whose parent is there; false where the parent is not.
 * @param {string} folder
 */
async function isNowThere(folder) {
  try {
    await mkdir(folder)
    await syncFolder(dirname(folder))
    return true
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'EEXIST') return true
    if (code === 'ENOENT' && dirname(folder) !== folder) return false
    throw error
  }
}

/** @param {string} folder */
async function syncFolder(folder) {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
