import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively } from '@gauntlet/files'
import { freePort } from './free-port.ts'
import { claimHome, recordsFolder } from './home-claim.ts'
import { requireLocalDisk } from './local-disk.ts'
import { livingProcess, readRecord, type LivingProcess } from './process-record.ts'
import { ProcessFailedToStart, startPersistently, startProcess } from './start-process.ts'
import { stopProcess } from './stop-process.ts'
import { temporalServes } from './temporal-health.ts'
import { findTemporal } from '../setup/temporal-binary.mjs'

/** Temporal is not installed; set-up installs it. */
export class TemporalMissing extends Error {
  override readonly name = 'TemporalMissing'
}

/** Settings by which studies share workers by their weights, and not by who came first; off by default before 1.31. */
const sharing = ['matching.useNewMatcher=true', 'matching.enableFairness=true']

/** How long the server may take to open its database and serve. */
const startLimitMilliseconds = 60_000

/** How long a server that ends at once is started again. */
const restartLimitMilliseconds = 5_000

/**
 * The local Temporal server of `home`, started if it does not run, and its address. It listens on 127.0.0.1 alone. Its
 * histories are in `<home>/temporal`, so that workflows go on where they were after a kill or a restart of the machine.
 */
export async function startTemporal(home: string): Promise<{ temporalAddress: string; process: LivingProcess }> {
  const absolute = resolve(home)
  requireLocalDisk(absolute)
  await claimHome(absolute)
  return exclusively(join(recordsFolder(absolute), 'temporal.start.lock'), async () => {
    const living = (await healthyTemporal(absolute)) ?? (await bootTemporal(absolute))
    return { temporalAddress: addressOf(living), process: living }
  })
}

/** Stops the server. True if it was running. */
export async function stopTemporal(home: string): Promise<boolean> {
  return stopProcess(resolve(home), 'temporal', { signal: 'SIGINT', limitMilliseconds: 15_000 })
}

async function healthyTemporal(home: string): Promise<LivingProcess | undefined> {
  const living = livingProcess(home, 'temporal')
  if (!living) return undefined
  if (await servesWithin(home, 10_000)) return living
  await stopTemporal(home)
  return undefined
}

async function bootTemporal(home: string): Promise<LivingProcess> {
  const found = findTemporal()
  if (!found)
    throw new TemporalMissing(
      'There is no Temporal server here; run `npm run set-up`, or set TEMPORAL_ADDRESS to a server of yours.',
    )
  return startPersistently(() => servingTemporal(home, found.command), restartLimitMilliseconds)
}

async function servingTemporal(home: string, command: string): Promise<LivingProcess> {
  const living = await spawnTemporal(home, command)
  if (await servesWithin(home, startLimitMilliseconds)) return living
  await stopTemporal(home)
  throw new ProcessFailedToStart(`Temporal does not start or does not answer; see ${living.log}.`)
}

async function spawnTemporal(home: string, command: string): Promise<LivingProcess> {
  const folder = join(home, 'temporal')
  mkdirSync(folder, { recursive: true })
  const port = await freePort(readRecord(home, 'temporal')?.port)
  // Temporal makes a URL of the file's path, in which `#`, `?` and `%` mean something else. So it gets the name alone.
  const database = ['--db-filename', 'temporal.sqlite']
  const place = ['--ip', '127.0.0.1', '--port', String(port), '--headless', ...database]
  const shared = sharing.flatMap((setting) => ['--dynamic-config-value', setting])
  // A log that is written ahead takes one wait for the disk a commit, and loses no commit (decision 0036).
  const storage = ['--sqlite-pragma', 'journal_mode=wal']
  const args = ['server', 'start-dev', ...place, ...storage, ...shared, '--log-level', 'warn', '--log-format', 'json']
  const env = { TEMPORAL_ADDRESS: undefined, TEMPORAL_CLI_DISABLE_UPDATE_CHECK: '1' }
  return startProcess(home, { name: 'temporal', command: resolve(command), args, port, env, folder })
}

/** True as soon as it serves; false when it has ended or the time is over. */
async function servesWithin(home: string, milliseconds: number): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(30)) {
    const living = livingProcess(home, 'temporal')
    if (!living) return false
    if (await temporalServes(addressOf(living))) return true
  }
  return false
}

function addressOf({ port }: LivingProcess): string {
  return `127.0.0.1:${port}`
}
