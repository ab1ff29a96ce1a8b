import {
  chownSync,
  closeSync,
  existsSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity, writeFileAtomically } from '@gauntlet/files'
import type { Account } from './postgres-account.ts'

/** The database cluster could not be created. A retry helps once the message's advice is followed. */
export class PostgresNotInitialised extends Error {
  override readonly name = 'PostgresNotInitialised'
}

/** The data folder of the cluster. */
export function postgresData(home: string): string {
  return join(home, 'postgres', 'data')
}

/** The superuser's password. It is random, made at the first call, and kept in a file that only its owner can read. */
export async function postgresPassword(home: string): Promise<string> {
  const file = join(home, 'services', 'postgres.password')
  if (!existsSync(file)) await writeFileAtomically(file, randomBytes(24).toString('hex'), 0o600)
  return readFileSync(file, 'utf8')
}

/**
 * Creates the cluster in a folder beside its own and renames that when it is complete, so that a kill leaves no part of
 * a cluster.
 *
 * Under root, `account` runs the program. It may have no access to `home`, which may lie under /root. So it is started
 * inside the data folder, which it reaches as `/proc/self/cwd`, and gets the password through an open file.
 */
export async function initialisePostgres(home: string, folder: string, account: Account | undefined): Promise<void> {
  const fresh = join(home, 'postgres', 'data.new')
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true, mode: 0o700 })
  if (account) chownSync(fresh, account.uid, account.gid)
  const password = await openPassword(home, account)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['--username=gauntlet', '--auth=scram-sha-256', '--pwfile=/dev/fd/3']
  try {
    await runInitdb(
      join(folder, 'bin', 'initdb'),
      ['-D', account ? '/proc/self/cwd' : fresh, ...access, ...locale],
      fresh,
      account,
      password,
    )
  } finally {
    closeSync(password)
  }
  renameSync(fresh, postgresData(home))
}

/** An open file with the password, owned by `account` and already deleted, so that it has no name. */
async function openPassword(home: string, account: Account | undefined): Promise<number> {
  const password = await postgresPassword(home)
  const name = join(home, 'services', `password.${randomBytes(6).toString('hex')}`)
  const file = openSync(name, 'wx+', 0o600)
  rmSync(name)
  writeSync(file, `${password}\n`)
  if (account) fchownSync(file, account.uid, account.gid)
  return file
}

function runInitdb(
  command: string,
  args: string[],
  cwd: string,
  account: Account | undefined,
  password: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      ...account,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe', password],
    })
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    child.on('error', (error) =>
      reject(new PostgresNotInitialised(`initdb does not run (${error.message}); run \`npm run set-up\`.`)),
    )
    child.on('close', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new PostgresNotInitialised(
            `Postgres could not create its data in ${cwd}: ${reasonIn(complaint)}; free space there or move GAUNTLET_HOME.`,
          ),
        )
    })
  })
}

/** What initdb or the server that it starts complains of first; what it does after that says nothing of the reason. */
function reasonIn(complaint: string): string {
  return /(?:error|FATAL): +(.+)/.exec(complaint)?.[1] ?? complaint.trim().split('\n').at(-1)!
}

/**
 * Prepares the cluster for a start. A server of this cluster whose record was deleted is ended, so that no second one
 * runs beside it. Another process that got the pid of a killed server would make Postgres refuse to start, so the pid
 * file is removed then. The pid file of a dead process stays, because with it Postgres finds out whether sessions of
 * the dead server still run.
 */
export async function prepareStart(home: string): Promise<void> {
  const file = join(postgresData(home), 'postmaster.pid')
  const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0
  if (!(pid > 1) || processIdentity(pid) === undefined) return
  if (!isServerOf(pid, postgresData(home))) return rmSync(file, { force: true })
  process.kill(pid, 'SIGINT')
  for (let waited = 0; waited < 30_000 && processIdentity(pid) !== undefined; waited += 50) await sleep(50)
}

/** Whether the working folder of `pid` is `data`, as that of a Postgres server is its data folder. */
function isServerOf(pid: number, data: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).includes(data)
  } catch {
    return false
  }
}
