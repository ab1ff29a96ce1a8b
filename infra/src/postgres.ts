import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively } from '@gauntlet/files'
import { freePort } from './free-port.ts'
import { claimHome, recordsFolder } from './home-claim.ts'
import { requireLocalDisk } from './local-disk.ts'
import { prepareStart, initialisePostgres, postgresData, postgresPassword } from './postgres-cluster.ts'
import { answersQueries, ensureDatabase } from './postgres-connection.ts'
import { postgresAccount, reachablePostgres, type Account } from './postgres-account.ts'
import { livingProcess, readRecord, type LivingProcess } from './process-record.ts'
import { ProcessFailedToStart, startPersistently, startProcess } from './start-process.ts'
import { stopProcess } from './stop-process.ts'
import { linkPostgresLibraries, postgresFolder, postgresPackage } from '../setup/postgres-links.mjs'

/** Postgres is not installed; set-up installs it. */
export class PostgresMissing extends Error {
  override readonly name = 'PostgresMissing'
}

/** Whether a home has a database, which may not run. */
export function hasPostgres(home: string): boolean {
  return existsSync(postgresData(home))
}

/** How long a crashed cluster may take to replay its log and answer. */
const recoveryLimitMilliseconds = 60_000

/**
 * The local Postgres of `home` and the URL of its database `gauntlet`. The server is created and started as needed,
 * listens on 127.0.0.1 alone, and has a random password. After a kill or a power cut it recovers with everything it had
 * committed. This process forgets the variables of Postgres' clients (`PGHOST`, `PGSSLMODE`, `PGOPTIONS`, …), which are
 * about other servers.
 */
export async function startPostgres(home: string): Promise<{ databaseUrl: string; process: LivingProcess }> {
  const absolute = resolve(home)
  forgetPostgresVariables()
  requireLocalDisk(absolute)
  await claimHome(absolute)
  return exclusively(join(recordsFolder(absolute), 'postgres.start.lock'), async () => {
    const living = (await healthyPostgres(absolute)) ?? (await bootPostgres(absolute))
    return { databaseUrl: await ensureDatabase(await postgresUrl(absolute, living.port), 'gauntlet'), process: living }
  })
}

function forgetPostgresVariables(environment = process.env): void {
  for (const name of Object.keys(environment)) if (/^PG[A-Z]/.test(name)) delete environment[name]
}

/** Stops Postgres by a fast shutdown, which ends its sessions and writes a checkpoint. True if it was running. */
export async function stopPostgres(home: string): Promise<boolean> {
  return stopProcess(resolve(home), 'postgres', { signal: 'SIGINT', limitMilliseconds: 30_000 })
}

/** Postgres, if it runs and answers. One that runs and does not answer for ten seconds is stopped. */
async function healthyPostgres(home: string): Promise<LivingProcess | undefined> {
  const living = livingProcess(home, 'postgres')
  if (!living) return undefined
  if (await answersWithin(home, 10_000)) return living
  await stopPostgres(home)
  return undefined
}

async function bootPostgres(home: string): Promise<LivingProcess> {
  const account = postgresAccount()
  const folder = await reachablePostgres(await installedPostgres(), postgresVersion, account)
  if (!existsSync(postgresData(home))) await initialisePostgres(home, folder, account)
  const startedAt = Date.now()
  return startPersistently(async () => {
    await prepareStart(home)
    const living = await spawnPostgres(home, folder, account)
    if (await answersWithin(home, startedAt + recoveryLimitMilliseconds - Date.now())) return living
    if (livingProcess(home, 'postgres')) await stopPostgres(home)
    throw startFailure(living)
  }, 15_000)
}

async function spawnPostgres(home: string, folder: string, account: Account | undefined): Promise<LivingProcess> {
  const port = await freePort(readRecord(home, 'postgres')?.port)
  const data = account ? '/proc/self/cwd' : postgresData(home)
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'shared_buffers=512MB', // taken as it fills: a ledger of 100,000 numbers is as large
    'log_checkpoints=off',
    'jit=off',
  ]
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const env = { LC_ALL: 'C' }
  return startProcess(home, {
    name: 'postgres',
    command: join(folder, 'bin', 'postgres'),
    args,
    env,
    folder: postgresData(home),
    port,
    account,
  })
}

/** True as soon as it answers; false when it has ended or the time is over. */
async function answersWithin(home: string, milliseconds: number): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(30)) {
    const living = livingProcess(home, 'postgres')
    if (!living) return false
    if (await answersQueries(await postgresUrl(home, living.port))) return true
  }
  return false
}

/** Version of the npm package: that of Postgres, followed by a count of the package's own. */
export const postgresVersion = '18.4.0-beta.17'

/** The folder of Postgres from npm, with its libraries linked. */
async function installedPostgres(): Promise<string> {
  const folder = postgresFolder()
  if (!folder || !existsSync(join(folder, 'bin', 'postgres'))) {
    throw new PostgresMissing(
      `${postgresPackage} is not installed; run \`npm run set-up\`, or set DATABASE_URL to a Postgres of yours.`,
    )
  }
  linkPostgresLibraries(folder)
  return folder
}

async function postgresUrl(home: string, port: number | undefined): Promise<URL> {
  return new URL(`postgres://gauntlet:${await postgresPassword(home)}@127.0.0.1:${port}/postgres`)
}

function startFailure({ log }: LivingProcess): ProcessFailedToStart {
  return new ProcessFailedToStart(`Postgres does not start or does not answer; see ${log}.`)
}
