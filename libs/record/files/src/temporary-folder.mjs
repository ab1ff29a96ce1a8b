import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostMark, namesOfEndedProcesses } from './process-mark.mjs'

/**
 * Makes a folder for temporary files, which the caller removes. Folders of this prefix that killed processes of this
 * host have left are removed first. The system's own folder for them (`os.tmpdir()`) is made again if it has vanished:
 * a scheduler or a cleaner may remove it while a worker runs for days.
 * @param {string} prefix of the folder's name
 * @returns {string} the path
 */
export function temporaryFolder(prefix) {
  mkdirSync(tmpdir(), { recursive: true, mode: 0o700 })
  const ofHost = `${prefix}${hostMark()}`
  const alike = readdirSync(tmpdir()).filter((name) => name.startsWith(ofHost))
  for (const name of namesOfEndedProcesses(alike)) {
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // It is another account's, or another process is removing it.
    }
  }
  return mkdtempSync(join(tmpdir(), `${ofHost}${process.pid}-`))
}
