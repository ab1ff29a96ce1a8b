import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './artifact-store-unavailable.ts'

/** Where a store writes its files first: on its own file system, so that renaming them is atomic. */
export function temporaryFolder(root: string): string {
  return join(root, 'temporary')
}

/**
 * Removes what writers that were killed have left: temporary files that nobody has written to for `staleAfter`
 * milliseconds.
 */
export async function sweepTemporaries(root: string, staleAfter: number): Promise<void> {
  const folder = temporaryFolder(root)
  for (const name of await namesIn(folder)) {
    const modified = await stat(join(folder, name)).then(
      (found) => found.mtimeMs,
      () => Infinity, // the file is gone, because its writer has just finished
    )
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
