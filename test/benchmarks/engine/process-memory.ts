import { readFileSync, writeFileSync } from 'node:fs'
import type { Memory } from './side.ts'

/** Peaks of this process's resident memory as Linux keeps them (VmHWM). */
export class ProcessMemory {
  private whole = 0
  private forgets = false

  /** Forgets the peak so far, where the kernel lets a process do so (man 5 proc, clear_refs). */
  restart(): void {
    this.whole = Math.max(this.whole, peak())
    try {
      writeFileSync('/proc/self/clear_refs', '5')
      this.forgets = true
    } catch {
      this.forgets = false
    }
  }

  peaks(): Memory {
    const now = peak()
    return { whole: Math.max(this.whole, now), steps: this.forgets ? now : null }
  }
}

function peak(): number {
  return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}
