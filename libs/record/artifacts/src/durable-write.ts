import { randomUUID } from 'node:crypto'
import { open, mkdir, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from './artifact-store-unavailable.ts'

/** Files being written; the same file system as their destination, so that renaming is atomic. */
const temporaryFolder = 'temporary'

/**
 * Writes a file so that it is either wholly there, also after a power cut, or not at all: temporary name, fsync,
 * rename, fsync of the folder. @param write fills the temporary file and says under which path (below `root`) it is to
 * appear.
 */
export async function writeDurably(
  root: string,
  mode: number,
  write: (file: FileHandle) => Promise<string>,
): Promise<void> {
  await makeFolder(join(root, temporaryFolder))
  const temporary = join(root, temporaryFolder, randomUUID())
  const file = await open(temporary, 'wx', 0o600)
  try {
    const destination = join(root, await write(file))
    await file.chmod(mode)
    await file.sync()
    await makeFolder(dirname(destination))
    await rename(temporary, destination)
    await syncFolder(dirname(destination))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/**
 * Removes what writers killed in the middle have left: temporary files nobody has written to for `staleAfter`
 * milliseconds.
 */
export async function sweepTemporaries(root: string, staleAfter: number): Promise<void> {
  const folder = join(root, temporaryFolder)
  for (const name of await namesIn(folder)) {
    const modified = await stat(join(folder, name)).then(
      (found) => found.mtimeMs,
      () => Infinity,
    ) // gone: its writer has just finished
    if (Date.now() - modified > staleAfter) await rm(join(folder, name), { force: true })
  }
}

/** The names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Makes a folder and its parents, each durable: a file fsynced in a folder that a power cut forgets would be lost with
 * it.
 */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
