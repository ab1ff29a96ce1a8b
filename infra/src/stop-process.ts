import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively, processIdentity } from '@gauntlet/files'
import { recordsFolder } from './home-claim.ts'
import { groupMembers } from './process-group.ts'
import { livingProcess, readPidFile, readRecord, type LivingProcess } from './process-record.ts'

/** Is told of a process that takes seconds to end, once, and after how many seconds it is killed. */
export type OnWait = (name: string, limitSeconds: number) => void

/** How a process is asked to end. */
export interface StopOptions {
  readonly signal?: NodeJS.Signals
  /** After which it is killed; by default what its record says, else ten seconds. */
  readonly limitMilliseconds?: number | undefined
  readonly onWait?: OnWait | undefined
}

/** How long a process may take to end until somebody is told. */
const noticeMilliseconds = 3_000

/**
 * Ends the process of `name` and every process that it started. True if it was running. The record stays, so that the
 * next start takes the same port.
 */
export async function stopProcess(home: string, name: string, options: StopOptions = {}): Promise<boolean> {
  return exclusively(join(recordsFolder(home), `${name}.lock`), async () => {
    const living = livingProcess(home, name)
    if (living) await askToEnd(home, living, options)
    killLeftovers(home, name)
    while (livingProcess(home, name)) await sleep(10)
    return living !== undefined
  })
}

/** Gives a process the time to end by itself. */
async function askToEnd(home: string, { name, pid, drainMilliseconds }: LivingProcess, options: StopOptions) {
  const { signal = 'SIGTERM', limitMilliseconds = drainMilliseconds ?? 10_000, onWait } = options
  process.kill(pid, signal)
  const notice = setTimeout(() => onWait?.(name, Math.round(limitMilliseconds / 1_000)), noticeMilliseconds)
  for (let waited = 0; waited < limitMilliseconds && livingProcess(home, name); waited += 20) await sleep(20)
  clearTimeout(notice)
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
