/** The bytes are not the pinned ones; a retry does not help. */
export class DigestMismatch extends Error {
  /** @override */ name = 'DigestMismatch'
}

/** Nothing is at the address; a retry does not help. */
export class SourceNotFound extends Error {
  /** @override */ name = 'SourceNotFound'
}

/** The server wants other credentials; a retry does not help. */
export class SourceForbidden extends Error {
  /** @override */ name = 'SourceForbidden'
}

/**
 * No network, or a server that fails or refuses for the moment; a retry later helps, and goes on where this one
 * stopped.
 */
export class SourceUnreachable extends Error {
  /** @override */ name = 'SourceUnreachable'
}

/** The disk has no room; a retry helps once it has. */
export class DiskFull extends Error {
  /** @override */ name = 'DiskFull'
}

/** The source cannot be understood, or the archive is not one that can be opened safely; a retry does not help. */
export class UnusableSource extends Error {
  /** @override */ name = 'UnusableSource'
}

/**
 * A failed write as the caller should see it.
 * @param {unknown} error
 * @param {string} path
 */
export function writeError(error, path) {
  const { code } = /** @type {NodeJS.ErrnoException} */ (error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new DiskFull(
    `The disk is full while writing ${path}; free some space and start again, what is there already is kept.`,
  )
}
