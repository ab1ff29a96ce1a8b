import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Makes a folder for temporary files, which the caller removes. The system's own folder for them (`os.tmpdir()`) is
 * made again if it has vanished: a scheduler or a cleaner may remove it while a worker runs for days.
 * @param {string} prefix of the folder's name
 * @returns {string} the path
 */
export function temporaryFolder(prefix) {
  mkdirSync(tmpdir(), { recursive: true, mode: 0o700 })
  return mkdtempSync(join(tmpdir(), prefix))
}
