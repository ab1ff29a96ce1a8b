import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { identityFromStat, isThisHost, processIdentity, writeFileAtomically, type Host } from '@gauntlet/files'
import { recordsFolder } from './home-claim.ts'

/** A process that outlives the command that started it, as recorded in `<home>/services/<name>.json`. */
export interface ProcessRecord {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Digest of command, arguments, folder and added environment, which may hold secrets and is not recorded itself. */
  readonly fingerprint: string
  /** Digest of its sources and inherited environment, where whoever started it gave one. */
  readonly version?: string
  /** Where it runs; absent in records of an older version. Its process id says nothing on another host. */
  readonly host?: Host
  /** What it and its children have in `GAUNTLET_START`, and no other process; absent in records of an older version. */
  readonly start?: string
  /** How long it may take to end after it was asked to, where that is not ten seconds: it may have work to save. */
  readonly drainMilliseconds?: number
  /** The port of 127.0.0.1 on which it listens; the same at the next start if it is free. */
  readonly port?: number
  /** ISO 8601. */
  readonly startedAt: string
  /** The file with everything it printed. */
  readonly log: string
}

/** A process that runs now. */
export interface LivingProcess extends ProcessRecord {
  readonly pid: number
}

/** Records a process. This happens before it is started, so that no kill leaves a process without a record. */
export async function writeRecord(home: string, record: ProcessRecord): Promise<void> {
  await writeFileAtomically(join(recordsFolder(home), `${record.name}.json`), `${JSON.stringify(record, null, 2)}\n`)
}

/** The last record of `name`, whether the process lives or not. */
export function readRecord(home: string, name: string): ProcessRecord | undefined {
  const file = join(recordsFolder(home), `${name}.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord) : undefined
}

/** Every name with a record. */
export function recordedNames(home: string): string[] {
  return readdirSync(recordsFolder(home))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
}

/** The file into which the process itself writes its pid and start time. */
export function pidFile(home: string, name: string): string {
  return join(recordsFolder(home), `${name}.pid`)
}

/** The process of `name` if it lives: same pid, started at the same moment of the same boot. */
export function livingProcess(home: string, name: string): LivingProcess | undefined {
  const record = readRecord(home, name)
  const written = readPidFile(home, name)
  if (!record || !written || processIdentity(written.pid) !== written.identity) return undefined
  return { ...record, pid: written.pid }
}

/**
 * What the process wrote into its pid file: `<boot> <line of /proc/self/stat>`, or `- <pid> <start>` without /proc.
 * Nothing where it was started on another host, which had the home before this one (`claimHome`).
 */
export function readPidFile(home: string, name: string): { pid: number; identity: string } | undefined {
  if (!isThisHost(readRecord(home, name)?.host)) return undefined
  const file = pidFile(home, name)
  const [, boot, line] = (existsSync(file) && /^(\S+) (.+)$/m.exec(readFileSync(file, 'utf8'))) || []
  if (boot === undefined || line === undefined) return undefined
  const identity = boot === '-' ? line.trim().split(/\s+/).slice(1).join(' ') : identityFromStat(line, boot)
  return identity === undefined ? undefined : { pid: Number.parseInt(line.trim(), 10), identity }
}
