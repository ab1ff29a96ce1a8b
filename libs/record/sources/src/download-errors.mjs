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
 * There is no network, or the server fails or refuses for the moment. A later retry helps, and goes on where this one
 * stopped.
 */
export class SourceUnreachable extends Error {
  /** @override */ name = 'SourceUnreachable'
}

/** The source cannot be understood, or its archive cannot be opened safely; a retry does not help. */
export class UnusableSource extends Error {
  /** @override */ name = 'UnusableSource'
}
