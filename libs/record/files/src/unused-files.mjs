import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

const day = 86_400_000

/** Milliseconds without use after which a file of a cache is removed. */
const unusedAfter = 30 * day

/**
 * Notes that a file of a cache is used. Its time of writing is when it was used last, to a day.
 * @param {string} file
 */
export function noteUse(file) {
  const now = new Date()
  try {
    if (now.getTime() - statSync(file).mtimeMs > day) utimesSync(file, now, now)
  } catch {
    // It is another account's, which removes what that account does not use; or another process has just removed it.
  }
}

/**
 * Removes the files of a cache's folder that were not used for thirty days. To be called by whoever has just added
 * `fresh` to it, whose time tells the present one by the clock of the file system. Other processes may do so at the
 * same time, and may have open what is removed. What cannot be removed stays, such as files of another account.
 * @param {string} folder
 * @param {string} fresh
 */
export function removeUnused(folder, fresh) {
  const oldest = statSync(fresh).mtimeMs - unusedAfter
  for (const file of readdirSync(folder).map((name) => join(folder, name))) {
    try {
      if (statSync(file).mtimeMs < oldest) rmSync(file, { force: true })
    } catch {
      // It is gone already, or is another account's.
    }
  }
}
