import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively, writeFileAtomically } from '@gauntlet/files'
import {
  livingProcess,
  pidFile,
  readPidFile,
  recordsFolder,
  writeRecord,
  type LivingProcess,
} from './process-record.ts'
import { killLeftovers, stopProcess } from './stop-process.ts'

/** What to start and how. */
export interface ProcessSpecification {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Added to this process's own environment; `undefined` takes a variable away. */
  readonly env?: NodeJS.ProcessEnv
  /** Working directory. */
  readonly folder?: string
  readonly port?: number
  /** Runs as this account instead of root. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
}

/** A process ended before it was ready; its log says why. A retry helps only if the log names something passing. */
export class ProcessFailedToStart extends Error {
  override readonly name = 'ProcessFailedToStart'
}

/**
 * Starts anew what ends at once, as long as `milliseconds`: the reason may pass, such as a port that another program
 * took since it was seen free, or sessions of a killed server that still hold its memory.
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

/** Bytes of a log beyond which the next start begins a new one and keeps this as `<name>.log.1`. */
const longestLog = 32 * 2 ** 20

/**
 * The shell notes who it is, then becomes the program (same pid, same start time). So the note is right even if the
 * command that started it is killed a moment later.
 */
const introduceThenBecome =
  'if [ -r /proc/self/stat ]; then read -r boot < /proc/sys/kernel/random/boot_id; read -r stat < "/proc/$$/stat"; echo "$boot $stat" >&3; ' +
  'else echo "- $$ $(ps -p $$ -o lstart=)" >&3; fi; exec 3>&-; exec "$@"'

/**
 * Starts a process that outlives this one, logs to `<home>/logs/<name>.log` and is recorded in `<home>/services`. One
 * that already runs under this name is returned as it is if it was started in the same way; otherwise, such as a worker
 * with the address of yesterday's server, it is stopped and started anew.
 */
export async function startProcess(home: string, specification: ProcessSpecification): Promise<LivingProcess> {
  const { name, command, args, port } = specification
  const fingerprint = fingerprintOf(specification)
  const living = livingProcess(home, name)
  if (living && living.fingerprint !== fingerprint) await stopProcess(home, name)
  return exclusively(join(recordsFolder(home), `${name}.lock`), async () => {
    const living = livingProcess(home, name)
    if (living) return living
    killLeftovers(home, name)
    const log = join(home, 'logs', `${name}.log`)
    const place = port === undefined ? {} : { port }
    await writeFileAtomically(pidFile(home, name), '', 0o600)
    await writeRecord(home, { name, command, args, fingerprint, ...place, startedAt: new Date().toISOString(), log })
    spawnDetached(home, specification, log)
    return appeared(home, name, log)
  })
}

function fingerprintOf({ command, args, env = {}, folder }: ProcessSpecification): string {
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([command, args, variables, folder]))
    .digest('hex')
}

function spawnDetached(
  home: string,
  { name, command, args, env, folder, account }: ProcessSpecification,
  log: string,
): void {
  mkdirSync(join(home, 'logs'), { recursive: true })
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > longestLog) renameSync(log, `${log}.1`)
  const output = openSync(log, 'a', 0o600)
  const introduction = openSync(pidFile(home, name), 'a')
  try {
    const child = spawn('/bin/sh', ['-c', introduceThenBecome, 'sh', command, ...args], {
      detached: true,
      stdio: ['ignore', output, output, introduction],
      env: { ...process.env, ...env },
      ...(folder === undefined ? {} : { cwd: folder }),
      ...account,
    })
    child.on('error', () => undefined) // it does not appear, and that is reported
    child.unref()
  } finally {
    closeSync(output)
    closeSync(introduction)
  }
}

async function appeared(home: string, name: string, log: string): Promise<LivingProcess> {
  for (let waited = 0; waited < 5_000; waited += 10) {
    const introduced = readPidFile(home, name) !== undefined
    const living = livingProcess(home, name)
    if (living) return living
    if (introduced) break // it came and went
    await sleep(10)
  }
  throw new ProcessFailedToStart(`${name} did not start; its last words are in ${log}.`)
}
