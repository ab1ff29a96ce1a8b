import { readFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { exclusively, isEarlierBoot, isThisHost, thisHost, writeFileAtomically, type Host } from '@gauntlet/files'

/** Another host uses this home; a retry helps once its services are stopped there. */
export class HomeElsewhere extends Error {
  override readonly name = 'HomeElsewhere'
}

/** The host whose processes are recorded in a home. */
interface HomeClaim {
  readonly host: Host
  /** ISO 8601. */
  readonly since: string
}

/** The folder with the records of `home`, which is made if need be. Throws `HomeElsewhere`. */
export function recordsFolder(home: string): string {
  refuseElsewhere(home)
  return makeRecordsFolder(home)
}

/**
 * Makes `home` that of this host, until `releaseHome`: two servers must never open one data folder, and a process id
 * says nothing on another host. Throws `HomeElsewhere` where another host has it.
 */
export async function claimHome(home: string): Promise<void> {
  if (hasClaimed(home)) return
  await exclusively(join(makeRecordsFolder(home), 'host.lock'), async () => {
    refuseElsewhere(home)
    if (hasClaimed(home)) return
    const claim: HomeClaim = { host: thisHost(), since: new Date().toISOString() }
    await writeFileAtomically(claimFile(home), `${JSON.stringify(claim, null, 2)}\n`)
  })
}

/** Lets any host have `home`. The caller has stopped its services. */
export function releaseHome(home: string): void {
  if (hasClaimed(home)) rmSync(claimFile(home), { force: true })
}

function refuseElsewhere(home: string): void {
  const claim = readClaim(home)
  if (!claim || isThisHost(claim.host) || isEarlierBoot(claim.host)) return
  const same = claim.host.name === thisHost().name ? ', in another container or namespace than this one' : ''
  throw new HomeElsewhere(
    `${home} has been in use on host ${claim.host.name}${same} since ${claim.since}; run \`npx gauntlet down\` there, or set GAUNTLET_HOME to another folder here (if nothing runs there any more, delete ${claimFile(home)}).`,
  )
}

function hasClaimed(home: string): boolean {
  const claim = readClaim(home)
  return claim !== undefined && isThisHost(claim.host)
}

function readClaim(home: string): HomeClaim | undefined {
  try {
    return JSON.parse(readFileSync(claimFile(home), 'utf8')) as HomeClaim
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (error instanceof SyntaxError)
      throw new HomeElsewhere(`${claimFile(home)} is damaged; delete it if nothing uses ${home} on another host.`)
    throw error
  }
}

function claimFile(home: string): string {
  return join(home, 'services', 'host')
}

function makeRecordsFolder(home: string): string {
  const folder = join(home, 'services')
  mkdirSync(folder, { recursive: true })
  return folder
}
