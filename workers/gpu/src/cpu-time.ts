import { readFileSync } from 'node:fs'

/**
 * CPU time that a process has used, in clock ticks of 10 ms; null where the system does not say (proc(5), `stat`,
 * fields 14 and 15).
 */
export function cpuTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // from field 3 on; the name before may hold anything
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return null
  }
}
