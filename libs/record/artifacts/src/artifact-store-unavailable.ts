/**
 * The file system under the store refused an operation (disk full, no permission, read error). A retry helps once the
 * cause is gone.
 */
export class ArtifactStoreUnavailable extends Error {
  override readonly name = 'ArtifactStoreUnavailable'
}

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free space there or run `npx gauntlet gc`',
  EDQUOT: 'the disk quota is used up; free space there or run `npx gauntlet gc`',
  EACCES: 'permission is denied; give this user access to the folder',
  EPERM: 'permission is denied; give this user access to the folder',
  EROFS: 'the file system is read-only; point GAUNTLET_ARTIFACTS to a writable folder',
  ENOTDIR: 'a part of the path is a file; point GAUNTLET_ARTIFACTS to a folder',
  EIO: 'the disk reported an error; check the disk',
  EMFILE: 'too many files are open; raise the limit of open files',
}

/** Runs one operation on the store at `location`. An error of the operating system becomes one sentence. */
export async function onStore<Result>(location: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation()
  } catch (error) {
    const remedy = remedies[codeOf(error) ?? '']
    if (remedy === undefined) throw error
    throw new ArtifactStoreUnavailable(`The artifact store ${location} cannot be used: ${remedy}.`, { cause: error })
  }
}

/** The operating system's code of an error (`ENOENT`, …), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
