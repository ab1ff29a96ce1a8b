import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively, processIdentity } from '@gauntlet/files'
import { recordsFolder } from './home-claim.ts'
import { livingProcess, readPidFile } from './process-record.ts'

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
 * Kills what is left of the process group of `name`, such as the device process of a worker that was killed. The kernel
 * gives no pid to a new process while a group still has it as its id. So the group is gone if another process has this
 * pid, or if the machine was restarted.
 */
export function killLeftovers(home: string, name: string): void {
  const written = readPidFile(home, name)
  if (!written || !sameBoot(written.identity)) return
  const now = processIdentity(written.pid)
  if (now !== undefined && now !== written.identity) return
  try {
    process.kill(-written.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function sameBoot(identity: string): boolean {
  const own = processIdentity(process.pid)
  return own === undefined || own.split('/')[0] === identity.split('/')[0] || !own.includes('/')
}
