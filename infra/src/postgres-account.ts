import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { exclusively } from '@gauntlet/files'

/** An account of this machine. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Root has started Gauntlet, and there is no other account to run Postgres as. The machine needs one. */
export class NoUnprivilegedAccount extends Error {
  override readonly name = 'NoUnprivilegedAccount'
}

/**
 * The account to run Postgres as, which refuses to run as root: `postgres` or, where there is none, `nobody`.
 * `undefined` where Gauntlet itself does not run as root.
 */
export function postgresAccount(uid = process.getuid?.(), passwd = '/etc/passwd'): Account | undefined {
  if (uid !== 0) return undefined
  const lines = existsSync(passwd) ? readFileSync(passwd, 'utf8').split('\n') : []
  for (const name of ['postgres', 'nobody']) {
    const [, , user, group] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (Number(user) > 0) return { uid: Number(user), gid: Number(group) }
  }
  throw new NoUnprivilegedAccount(
    'Postgres does not run as root; add an account with `useradd --system postgres`, or run Gauntlet as an ordinary user.',
  )
}

/** Where root puts copies of programs that other accounts must reach. */
const sharedFolder = '/var/cache/gauntlet'

/**
 * A folder with Postgres that `account` can reach: the one from npm or, when that lies under a private folder such as
 * /root, a copy.
 * @param folder as `postgresFolder` gives it
 * @param version part of the copy's name
 */
export async function reachablePostgres(
  folder: string,
  version: string,
  account: Account | undefined,
): Promise<string> {
  if (!account || runsAs(folder, account)) return folder
  const copy = join(sharedFolder, `postgres-${version}`)
  if (runsAs(copy, account)) return copy
  mkdirSync(sharedFolder, { recursive: true })
  await exclusively(`${copy}.lock`, async () => {
    if (runsAs(copy, account)) return
    for (const leftover of [copy, `${copy}.tmp`]) rmSync(leftover, { recursive: true, force: true })
    cpSync(folder, `${copy}.tmp`, { recursive: true, verbatimSymlinks: true })
    for (const made of [sharedFolder, `${copy}.tmp`]) chmodSync(made, 0o755)
    chownSync(`${copy}.tmp`, 0, 0)
    renameSync(`${copy}.tmp`, copy)
  })
  return copy
}

function runsAs(folder: string, account: Account): boolean {
  return spawnSync(join(folder, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/' }).status === 0
}
