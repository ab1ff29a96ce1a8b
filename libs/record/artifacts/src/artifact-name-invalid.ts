/** A digest or a pointer's name that no store accepts: a defect of the caller, so a retry does not help. */
export class ArtifactNameInvalid extends Error {
  override readonly name = 'ArtifactNameInvalid'
}

/** Refuses everything but 64 lowercase hexadecimal digits, so that a digest can stand in a path. */
export function requireDigest(digest: string): void {
  if (/^[0-9a-f]{64}$/.test(digest)) return
  throw new ArtifactNameInvalid(
    `${JSON.stringify(digest.slice(0, 80))} is not a digest; give 64 lowercase hexadecimal digits.`,
  )
}

/**
 * Pointer names are segments of lowercase letters, digits, `-`, `_` and `.` joined by `/`: the same on every file
 * system.
 */
export function requirePointerName(name: string): void {
  if (name.length <= 200 && /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(name)) return
  throw new ArtifactNameInvalid(
    `${JSON.stringify(name.slice(0, 80))} cannot name a pointer; use at most 200 lowercase letters, digits, "-", "_" and "." in segments joined by "/".`,
  )
}
