/** No store accepts this digest or name of a pointer. The caller is wrong, so a retry does not help. */
export class ArtifactNameInvalid extends Error {
  override readonly name = 'ArtifactNameInvalid'
}

/** Refuses everything but 64 lowercase hexadecimal digits, so that a digest is safe in a path. */
export function requireDigest(digest: string): void {
  if (/^[0-9a-f]{64}$/.test(digest)) return
  throw new ArtifactNameInvalid(
    `${JSON.stringify(digest.slice(0, 80))} is not a digest; give 64 lowercase hexadecimal digits.`,
  )
}

/**
 * Refuses the name of a pointer unless it consists of segments of lowercase letters, digits, `-`, `_` and `.` joined by
 * `/`. Such names are the same on every file system.
 */
export function requirePointerName(name: string): void {
  if (name.length <= 200 && /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(name)) return
  throw new ArtifactNameInvalid(
    `${JSON.stringify(name.slice(0, 80))} cannot name a pointer; use at most 200 lowercase letters, digits, "-", "_" and "." in segments joined by "/".`,
  )
}
