import { readFileSync, writeFileSync } from 'node:fs'
import type { AttemptUsage } from '@gauntlet/contract'

/**
 * Begins to measure what this process uses; the function says what it was. The peak of memory is one since the begin
 * where the system can forget an earlier one (proc(5), `clear_refs`), else since the process began.
 */
export function measureUsage(): () => AttemptUsage {
  const before = process.cpuUsage()
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not on this system.
  }
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { cpuSeconds: (user + system) / 1e6, peakBytes: peakBytes() }
  }
}

function peakBytes(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!
    return Number(kilobytes) * 1_024
  } catch {
    return process.resourceUsage().maxRSS * 1_024
  }
}
