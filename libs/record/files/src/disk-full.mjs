/** The disk has no room; a retry helps once it has. */
export class DiskFull extends Error {
  /** @override */ name = 'DiskFull'
}

/**
 * A failed write as the caller should see it: `DiskFull` where the disk is full, else the error as it is.
 * @param {unknown} error
 * @param {string} path
 */
export function diskFullOr(error, path) {
  const { code } = /** @type {NodeJS.ErrnoException} */ (error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new DiskFull(
    `The disk is full while writing ${path}; free some space and start again, what is there already is kept.`,
  )
}
