import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exclusively } from '@gauntlet/files'
import { freePort } from './free-port.ts'
import { clearTheWay, initialisePostgres, postgresData, postgresPassword } from './postgres-cluster.ts'
import { answersQueries, ensureDatabase } from './postgres-connection.ts'
import { postgresAccount, reachablePostgres, type Account } from './postgres-account.ts'
import { livingProcess, readRecord, recordsFolder, type LivingProcess } from './process-record.ts'
import { ProcessFailedToStart, startPersistently, startProcess } from './start-process.ts'
import { stopProcess } from './stop-process.ts'
import { linkPostgresLibraries, postgresFolder, postgresPackage } from '../setup/postgres-links.mjs'

/** Postgres is not installed; set-up brings it. */
export class PostgresMissing extends Error {
  override readonly name = 'PostgresMissing'
}

/** How long a crashed cluster may take to replay its log and answer. */
const recoveryLimitMilliseconds = 60_000

/**
 * The local Postgres of `home`, started if it does not run and created if it does not exist, and the URL of its
 * database `gauntlet`. Listens on 127.0.0.1 alone, with a random password. After a kill or a power cut it recovers with
 * everything it had committed.
 */
export async function startPostgres(home: string): Promise<{ databaseUrl: string; process: LivingProcess }> {
  const absolute = resolve(home)
  return exclusively(join(recordsFolder(absolute), 'postgres.start.lock'), async () => {
    const living = (await healthyPostgres(absolute)) ?? (await bootPostgres(absolute))
    return { databaseUrl: await ensureDatabase(await postgresUrl(absolute, living.port), 'gauntlet'), process: living }
  })
}

/** Asks Postgres to end its sessions and write everything down (fast shutdown); true if it was running. */
export async function stopPostgres(home: string): Promise<boolean> {
  return stopProcess(resolve(home), 'postgres', { signal: 'SIGINT', limitMilliseconds: 30_000 })
}

/** Postgres if it lives and answers. One that lives and does not answer for seconds is stopped. */
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
    await clearTheWay(home)
    const living = await spawnPostgres(home, folder, account)
    if (await answersWithin(home, startedAt + recoveryLimitMilliseconds - Date.now())) return living
    if (livingProcess(home, 'postgres')) await stopPostgres(home)
    throw failed(living)
  }, 15_000)
}

async function spawnPostgres(home: string, folder: string, account: Account | undefined): Promise<LivingProcess> {
  const port = await freePort(readRecord(home, 'postgres')?.port)
  const data = account ? '/proc/self/cwd' : postgresData(home)
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'log_checkpoints=off',
    'jit=off',
  ]
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const env = { LC_ALL: 'C', PGOPTIONS: undefined }
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

/** True once it answers; false when it ended or the time is over. */
async function answersWithin(home: string, milliseconds: number): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(30)) {
    const living = livingProcess(home, 'postgres')
    if (!living) return false
    if (await answersQueries(await postgresUrl(home, living.port))) return true
  }
  return false
}

/** Version of the npm package, which is that of Postgres with the package's own count behind it. */
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

function failed({ log }: LivingProcess): ProcessFailedToStart {
  return new ProcessFailedToStart(`Postgres does not start or does not answer; see ${log}.`)
}
