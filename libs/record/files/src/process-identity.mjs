import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { bootIdentity } from './host.mjs'

/**
 * What tells one process from another that later got the same pid: boot and start time, as the kernel gives them.
 * `undefined` when there is no such process, or only its zombie.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function processIdentity(pid) {
  try {
    return process.platform === 'linux'
      ? identityFromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      : identityFromPs(pid)
  } catch {
    return undefined
  }
}

/**
 * The identity in one line of `/proc/<pid>/stat` (proc(5)). The name stands in brackets and may hold anything, so the
 * fields are counted behind the last bracket: there the first is the state, the 18th the number of threads and the 20th
 * the start time in ticks since boot. A killed program whose first thread is a zombie while others live still holds its
 * ports and locks, so it counts as living.
 * @param {string} line
 * @param {string} [boot] identity of the boot in which the line was read
 */
export function identityFromStat(line, boot = bootIdentity()) {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state, threads, started] = [fields[0], Number(fields[17]), fields[19]]
  const isGone = (state === 'Z' && threads <= 1) || state === 'X'
  return isGone || started === undefined ? undefined : `${boot}/${started}`
}

/**
 * The identity on macOS and BSD, where `ps` gives the start time to the second.
 * @param {number} pid
 */
function identityFromPs(pid) {
  const [state, ...started] = execFileSync('ps', ['-p', String(pid), '-o', 'state=,lstart='], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
  return state?.startsWith('Z') || started.length === 0 ? undefined : started.join(' ')
}
