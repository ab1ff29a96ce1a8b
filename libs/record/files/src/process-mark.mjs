import { createHash } from 'node:crypto'
import { thisHost } from './host.mjs'
import { processIdentity } from './process-identity.mjs'

/**
 * What begins the process id in the name of a temporary file or folder. It tells the ids of this host from those of
 * others, which may share the place.
 */
export function hostMark() {
  return `${createHash('sha256').update(JSON.stringify(thisHost())).digest('hex').slice(0, 8)}-`
}

/**
 * Of names of temporary files or folders, `….<host mark><process id>-…`, those whose process was one of this host and
 * has ended.
 * @param {readonly string[]} names
 */
export function namesOfEndedProcesses(names) {
  const marked = new RegExp(`[.-]${hostMark()}([1-9]\\d*)-`)
  return names.filter((name) => {
    const pid = marked.exec(name)?.[1]
    return pid !== undefined && processIdentity(Number(pid)) === undefined
  })
}
