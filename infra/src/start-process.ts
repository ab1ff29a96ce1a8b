import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively, thisHost, writeFileAtomically } from '@gauntlet/files'
import { recordsFolder } from './home-claim.ts'
import { livingProcess, pidFile, readPidFile, writeRecord, type LivingProcess } from './process-record.ts'
import { startVariable } from './process-group.ts'
import { killLeftovers, stopProcess, type OnWait } from './stop-process.ts'

/** What to start, and how. */
export interface ProcessSpecification {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Variables added to the environment of this process; `undefined` removes one. */
  readonly env?: NodeJS.ProcessEnv
  /** Working directory. */
  readonly folder?: string
  readonly port?: number
  /** Digest of what the process is besides: its sources, and what it inherits from the environment. */
  readonly version?: string
  /** How long it may take to end once it is asked to; by default ten seconds. */
  readonly drainMilliseconds?: number
  /** Called where the process that this one replaces takes seconds to end. */
  readonly onWait?: OnWait
  /** Whether a process of another version may be stopped for this one; by default it may. */
  readonly mayReplace?: (living: LivingProcess) => boolean
  /** Whether a process of another version, and otherwise the same, is left as it is; by default none is. */
  readonly keeps?: (living: LivingProcess) => boolean
  /** Runs as this account instead of root. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
}

/** A process ended before it was ready; its log says why. A retry helps if the log names a passing cause. */
export class ProcessFailedToStart extends Error {
  override readonly name = 'ProcessFailedToStart'
}

/** A process of another version runs under this name, and somebody needs it; a retry helps once nobody does. */
export class ProcessNeeded extends Error {
  override readonly name = 'ProcessNeeded'
}

/**
 * Calls `start` again for up to `milliseconds` while the process ends at once. The cause may pass: another program may
 * have taken the port since it was free, or sessions of a killed server may still hold its memory.
 */
export async function startPersistently<Started>(
  start: () => Promise<Started>,
  milliseconds: number,
): Promise<Started> {
  for (const deadline = Date.now() + milliseconds; ; await sleep(250)) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof ProcessFailedToStart) || Date.now() > deadline) throw error
    }
  }
}

/** Bytes of a log. The next start renames a longer one to `<name>.log.1` and begins a new one. */
const longestLog = 32 * 2 ** 20

/**
 * A shell script that writes its pid and start time, and then replaces itself by the program, which keeps both. So the
 * pid file is right even if the command that started the process is killed a moment later.
 */
const writePidThenExec =
  'if [ -r /proc/self/stat ]; then read -r boot < /proc/sys/kernel/random/boot_id; read -r stat < "/proc/$$/stat"; echo "$boot $stat" >&3; ' +
  'else echo "- $$ $(ps -p $$ -o lstart=)" >&3; fi; exec 3>&-; exec "$@"'

/**
 * Starts a process that outlives this one, logs to `<home>/logs/<name>.log` and is recorded in `<home>/services`. A
 * process that already runs under this name is returned if it was started in the same way. Otherwise it is stopped and
 * started again, such as a worker with the address of an earlier server or with older sources. Throws `ProcessNeeded`
 * where a process of another version may not be stopped.
 */
export async function startProcess(home: string, specification: ProcessSpecification): Promise<LivingProcess> {
  const { name, command, args, port, version, drainMilliseconds, mayReplace, onWait } = specification
  const fingerprint = fingerprintOf(specification)
  const living = livingProcess(home, name)
  if (living && isKept(living, specification)) return living
  if (living && living.fingerprint !== fingerprint) {
    if (living.version !== version && mayReplace && !mayReplace(living))
      throw new ProcessNeeded(`${name} (pid ${living.pid}) runs as it was started by another command, which needs it.`)
    await stopProcess(home, name, { onWait })
  }
  return exclusively(join(recordsFolder(home), `${name}.lock`), async () => {
    const living = livingProcess(home, name)
    if (living) return living
    killLeftovers(home, name)
    const log = join(home, 'logs', `${name}.log`)
    const known = {
      ...(port === undefined ? {} : { port }),
      ...(version === undefined ? {} : { version }),
      ...(drainMilliseconds === undefined ? {} : { drainMilliseconds }),
    }
    await writeFileAtomically(pidFile(home, name), '', 0o600)
    const started = { host: thisHost(), start: randomUUID(), startedAt: new Date().toISOString(), log }
    await writeRecord(home, { name, command, args, fingerprint, ...known, ...started })
    spawnDetached(home, specification, started)
    return recordedStart(home, name, log)
  })
}

/** Whether only the version of a process is another one, and that is no reason to replace it. */
function isKept(living: LivingProcess, specification: ProcessSpecification): boolean {
  const { version, fingerprint } = living
  if (version === undefined || specification.keeps?.(living) !== true) return false
  return fingerprintOf({ ...specification, version }) === fingerprint
}

function fingerprintOf({ command, args, env = {}, folder, version }: ProcessSpecification): string {
  const added = Object.entries(env).filter(([, value]) => value !== undefined)
  const variables = added.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([command, args, variables, folder, version]))
    .digest('hex')
}

function spawnDetached(
  home: string,
  { name, command, args, env, folder, account }: ProcessSpecification,
  { start, log }: { start: string; log: string },
): void {
  mkdirSync(join(home, 'logs'), { recursive: true })
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > longestLog) renameSync(log, `${log}.1`)
  const output = openSync(log, 'a', 0o600)
  const pid = openSync(pidFile(home, name), 'a')
  try {
    const child = spawn('/bin/sh', ['-c', writePidThenExec, 'sh', command, ...args], {
      detached: true,
      stdio: ['ignore', output, output, pid],
      env: { ...process.env, ...env, [startVariable]: start },
      ...(folder === undefined ? {} : { cwd: folder }),
      ...account,
    })
    child.on('error', () => undefined) // `recordedStart` reports a process that does not start
    child.unref()
  } finally {
    closeSync(output)
    closeSync(pid)
  }
}

/** Waits until the process has written its pid. */
async function recordedStart(home: string, name: string, log: string): Promise<LivingProcess> {
  for (let waited = 0; waited < 5_000; waited += 10) {
    const wrotePid = readPidFile(home, name) !== undefined
    const living = livingProcess(home, name)
    if (living) return living
    if (wrotePid) break // it has started and ended
    await sleep(10)
  }
  throw new ProcessFailedToStart(`${name} did not start; see ${log}.`)
}
