import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { thisHost } from './host.mjs'
import { processIdentity } from './process-identity.mjs'

/**
 * Makes a folder for temporary files, which the caller removes. Folders of this prefix that killed processes of this
 * host have left are removed first. The system's own folder for them (`os.tmpdir()`) is made again if it has vanished:
 * a scheduler or a cleaner may remove it while a worker runs for days.
 * @param {string} prefix of the folder's name
 * @returns {string} the path
 */
export function temporaryFolder(prefix) {
  mkdirSync(tmpdir(), { recursive: true, mode: 0o700 })
  const ofHost = `${prefix}${hostMark()}-`
  removeLeftBehind(ofHost)
  return mkdtempSync(join(tmpdir(), `${ofHost}${process.pid}-`))
}

/** Tells the process ids of this host from those of others, which may share the folder. */
function hostMark() {
  return createHash('sha256').update(JSON.stringify(thisHost())).digest('hex').slice(0, 8)
}

/** @param {string} ofHost what the names of this host's folders begin with */
function removeLeftBehind(ofHost) {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(ofHost) ? Number(/^(\d+)-/.exec(name.slice(ofHost.length))?.[1]) : NaN
    if (!Number.isInteger(pid) || processIdentity(pid) !== undefined) continue
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // It is another account's, or another process is removing it.
    }
  }
}
