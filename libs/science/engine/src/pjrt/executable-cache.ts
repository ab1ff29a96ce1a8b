import { noteUse, removeUnused } from '@gauntlet/files/unused-files'
import { digestOfBytes, type Digest } from '@gauntlet/study'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** A store of compiled programs, which the processes of a machine share. */
export interface ExecutableCache {
  /** What was kept under the key; undefined where nothing was, or where the file is damaged. */
  find(key: Digest): Uint8Array | undefined
  keep(key: Digest, bytes: Uint8Array): void
}

/** Bytes of the digest that begins a file. */
const digestLength = 64

/** The folder of compiled programs in the cache folder: a file each, named by its key. It loads no tensor runtime. */
export function executablesFolder(cacheFolder: string): string {
  return join(cacheFolder, 'executables')
}

/**
 * Keeps compiled programs in the folder `executables` of the cache folder (`GAUNTLET_CACHE`), or nowhere where there is
 * none. A file begins with the digest of what follows, so that no damaged program is loaded, and appears at once. Its
 * time is when it was used last, to a day; a program that was not used for thirty days goes when another is kept.
 */
export function executableCache(cacheFolder = process.env['GAUNTLET_CACHE']): ExecutableCache {
  if (!cacheFolder) return { find: () => undefined, keep: () => {} }
  const folder = executablesFolder(cacheFolder)
  const fileOf = (key: Digest) => join(folder, key)
  return {
    find: (key) => intact(fileOf(key)),
    keep: (key, bytes) => {
      const temporary = join(folder, `.${key}-${randomUUID()}`)
      try {
        mkdirSync(folder, { recursive: true })
        try {
          writeFileSync(temporary, Buffer.concat([Buffer.from(digestOfBytes(bytes)), bytes]), { flush: true })
          renameSync(temporary, fileOf(key))
        } finally {
          rmSync(temporary, { force: true })
        }
        removeUnused(folder, fileOf(key))
      } catch {
        // The disk is full, or it may not be written: the program is compiled again.
      }
    },
  }
}

function intact(file: string): Uint8Array | undefined {
  try {
    const content = readFileSync(file)
    noteUse(file)
    const bytes = content.subarray(digestLength)
    return content.toString('latin1', 0, digestLength) === digestOfBytes(bytes) ? bytes : undefined
  } catch {
    return undefined
  }
}
