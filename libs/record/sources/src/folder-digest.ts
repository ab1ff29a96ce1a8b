import { createHash } from 'node:crypto'
import { byCodePoint } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'

/** A file of a folder: its relative name with `/`, and the SHA-256 of its content. */
export interface NamedDigest {
  readonly name: string
  readonly sha256: Digest
}

/**
 * The digest of a folder: the SHA-256 of a line `<digest>  <name>` for each file in the order of names, as `sha256sum
 * *` prints them. It is the same wherever the folder lies.
 */
export function folderDigest(files: readonly NamedDigest[]): Digest {
  const hash = createHash('sha256')
  for (const { name, sha256 } of [...files].sort((a, b) => byCodePoint(a.name, b.name)))
    hash.update(`${sha256}  ${name}\n`)
  return hash.digest('hex')
}
