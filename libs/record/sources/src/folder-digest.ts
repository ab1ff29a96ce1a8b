import { createHash } from 'node:crypto'
import { byCodePoint, walkFolder } from '@gauntlet/files'
import type { Digest } from '@gauntlet/study'
import { UnusableSource } from './download-errors.mjs'

/** The files of a folder that `walkFolder` finds, in nested folders and behind links too. */
export function filesOfFolder(path: string): ReturnType<typeof walkFolder>['files'] {
  return walkFolder(path, (wrong) => {
    throw new UnusableSource(`${path} cannot be used as data: ${wrong}; mend it or name another folder.`)
  }).files
}

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
