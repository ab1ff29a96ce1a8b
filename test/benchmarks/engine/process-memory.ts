import { readFileSync, writeFileSync } from 'node:fs'
import type { Memory } from './side.ts'

/** The peaks of this process's resident memory, as Linux records them (VmHWM). */
export class ProcessMemory {
  private whole = 0
  private loaded = 0
  private forgets = false

  /** Call this when everything is loaded and nothing was run. */
  noteLoaded(): void {
    this.loaded = statusNumber('VmRSS')
  }

  /** Resets the peak, where the kernel allows a process to do so (man 5 proc, clear_refs). */
  restart(): void {
    this.whole = Math.max(this.whole, statusNumber('VmHWM'))
    try {
      writeFileSync('/proc/self/clear_refs', '5')
      this.forgets = true
    } catch {
      this.forgets = false
    }
  }

  peaks(): Memory {
    const now = statusNumber('VmHWM')
    return { loaded: this.loaded, whole: Math.max(this.whole, now), steps: this.forgets ? now : null }
  }
}

function statusNumber(name: 'VmHWM' | 'VmRSS'): number {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(name))
  return 1024 * Number.parseInt(line!.slice(name.length + 1), 10)
}
