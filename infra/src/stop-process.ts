import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively, processIdentity } from '@gauntlet/files'
import { recordsFolder } from './home-claim.ts'
import { groupMembers } from './process-group.ts'
import { livingProcess, readPidFile, readRecord } from './process-record.ts'

/** The signal that asks a process to end, and the time after which it is killed. */
export interface StopOptions {
  readonly signal?: NodeJS.Signals
  readonly limitMilliseconds?: number
}

/**
 * Ends the process of `name` and every process that it started. True if it was running. The record stays, so that the
 * next start takes the same port.
 */
export async function stopProcess(home: string, name: string, options: StopOptions = {}): Promise<boolean> {
  const { signal = 'SIGTERM', limitMilliseconds = 10_000 } = options
  return exclusively(join(recordsFolder(home), `${name}.lock`), async () => {
    const living = livingProcess(home, name)
    if (living) {
      process.kill(living.pid, signal)
      for (let waited = 0; waited < limitMilliseconds && livingProcess(home, name); waited += 20) await sleep(20)
    }
    killLeftovers(home, name)
    while (livingProcess(home, name)) await sleep(10)
    return living !== undefined
  })
}

/**
 * Kills what is left of the process group of `name`, such as the device process of a worker that was killed. Once the
 * process itself has ended, another one may have got its pid, and the group of this number may be of anybody. So only
 * those are killed then that carry the mark of this start.
 */
export function killLeftovers(home: string, name: string): void {
  const written = readPidFile(home, name)
  if (!written) return
  if (processIdentity(written.pid) === written.identity) return killIfAlive(-written.pid)
  const start = readRecord(home, name)?.start
  if (start !== undefined) for (const pid of groupMembers(written.pid, start)) killIfAlive(pid)
}

/** Kills a process, or with a negative id a group. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
