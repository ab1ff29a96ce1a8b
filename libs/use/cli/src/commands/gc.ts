import type { ArtifactStore } from '@gauntlet/artifacts'
import { findGarbage, removeGarbage, type Garbage } from '@gauntlet/client'
import { ledgerPointer, pinPointer } from '@gauntlet/contract'
import {
  droppableArtifacts,
  ledgerIdentity,
  reachableArtifacts,
  stageStates,
  storedSizes,
  type DroppableArtifacts,
  type LedgerDatabase,
  type StoredRole,
} from '@gauntlet/ledger'
import type { Command } from 'commander'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { count } from '../print/count.ts'
import { parseRoles } from '../parse/parse-roles.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { renderTable } from '../print/table.ts'
import { minute } from '../print/moment.ts'

interface GcOptions {
  readonly remove?: boolean
  readonly grace: string
  readonly drop?: string
  readonly pin?: string
  readonly unpin?: string
  readonly forgetLedger?: string
  readonly sizes?: boolean
  readonly json?: boolean
}

export function addGc(program: Command): void {
  program
    .command('gc')
    .description('say which artifacts no key, pin or running attempt reaches any more, and with --remove delete them')
    .option('--remove', 'delete what is found')
    .option('--grace <time>', 'keep what was stored since, such as 36h or 7d', '7d')
    .option(
      '--drop <roles>',
      'also what stages made in these roles, such as trained,parameters, unless a seal cites it',
    )
    .option('--pin <digest>', 'keep an artifact although nothing refers to it, and end')
    .option('--unpin <digest>', 'take a pin away again, and end')
    .option('--forget-ledger <id>', 'another ledger that used these artifacts is gone')
    .option('--sizes', 'say how much is stored by stage and role, and what storing equal bytes once saves, and end')
    .option('--json', 'print JSON')
    .action(async (options: GcOptions) => {
      if (options.pin !== undefined && options.unpin !== undefined)
        throw new Misuse('--pin and --unpin are two calls; give one of them.')
      const olderThan = new Date(Date.now() - parseGrace(options.grace))
      await withLedger(async ({ db, store, progress }) => {
        if (options.pin ?? options.unpin) return setPin(store, options)
        if (options.sizes) return console.log(await describeSizes(db, store, options.json === true))
        await requireOnlyLedger(db, store, options.forgetLedger)
        const dropped = options.drop === undefined ? null : await droppableOf(db, options.drop)
        const view = {
          reachableArtifacts: async () => without(await reachableArtifacts(db), dropped?.droppable),
          stageStates: (keys: readonly string[]) => stageStates(db, keys),
        }
        const garbage = await findGarbage(store, view, olderThan)
        const showing = (done: number) => progress(`${done}/${garbage.artifacts.length} artifacts looked at`)
        const removed = options.remove ? await removeGarbage(store, garbage, showing) : null
        if (options.json) return console.log(JSON.stringify({ ...garbage, removedBytes: removed }, null, 2))
        console.log(describeGarbage(garbage, removed))
        if (dropped && dropped.sealed > 0)
          console.log(`${count(dropped.sealed, 'artifact')} of these roles stay, because a seal cites them.`)
        if (dropped && dropped.droppable.size > 0)
          console.log(`The stages that made what is dropped run again where a study asks for them.`)
      }, 'Interrupted; what was deleted so far was out of reach.')
    })
}

/** Roles whose bytes every number is counted from again. */
const neverDropped = ['outcomes', 'manifest']

async function droppableOf(db: LedgerDatabase, text: string): Promise<DroppableArtifacts> {
  const roles = parseRoles(text)
  const needed = roles.find((role) => neverDropped.includes(role))
  if (needed)
    throw new Misuse(`Numbers are counted from ${needed} again, so it is never dropped; leave it out of --drop.`)
  const known = [...new Set((await storedSizes(db)).roles.map(({ role }) => role))]
  const unknown = roles.find((role) => !known.includes(role))
  if (unknown !== undefined && known.length > 0)
    throw new Misuse(`No stage made anything in the role ${unknown}; the roles are ${known.join(', ')}.`)
  return droppableArtifacts(db, roles)
}

function without(reachable: Set<string>, dropped: ReadonlySet<string> = new Set()): Set<string> {
  for (const digest of dropped) reachable.delete(digest)
  return reachable
}

async function setPin(store: ArtifactStore, { pin, unpin }: GcOptions): Promise<void> {
  const digest = (pin ?? unpin)!
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Misuse(`${digest} is not a digest; give its 64 hexadecimal digits.`)
  if (unpin !== undefined) await store.deletePointer(pinPointer(digest))
  else if ((await store.verify(digest)) === 'intact') await store.writePointer(pinPointer(digest), {})
  else throw new Misuse(`The store has no intact artifact ${digest}; correct the digest.`)
  console.log(`${digest} is ${unpin === undefined ? 'pinned' : 'not pinned any more'}.`)
}

/** How much the store has, and how much of it stages have made in each role. */
async function describeSizes(db: LedgerDatabase, store: ArtifactStore, json: boolean): Promise<string> {
  const { roles, bytes: different } = await storedSizes(db)
  let [artifacts, bytes] = [0, 0]
  for await (const { size } of store.list()) [artifacts, bytes] = [artifacts + 1, bytes + size]
  if (json) return JSON.stringify({ stored: { artifacts, bytes }, roles, bytesOfRoles: different }, null, 2)
  const table = renderTable<StoredRole>(
    [
      { heading: 'stage', cell: ({ stage }) => stage },
      { heading: 'role', cell: ({ role }) => role },
      { heading: 'made', align: 'right', cell: ({ made }) => made.toLocaleString('en') },
      { heading: 'stored', align: 'right', cell: (role) => role.artifacts.toLocaleString('en') },
      { heading: 'bytes', align: 'right', cell: (role) => megabytes(role.bytes) },
      { heading: 'saved', align: 'right', cell: (role) => megabytes(role.bytesMade - role.bytes) },
    ],
    roles,
  )
  const together = roles.reduce((sum, { bytesMade }) => sum + bytesMade, 0) - different
  return [
    table,
    `The store has ${count(artifacts, 'artifact')} of ${megabytes(bytes)}; storing equal bytes once, also those of several roles, saves ${megabytes(together)}.`,
  ].join('\n\n')
}

/** Refuses a store that another ledger uses too: what this ledger does not refer to, that one may. */
async function requireOnlyLedger(db: LedgerDatabase, store: ArtifactStore, forgotten?: string): Promise<void> {
  if (forgotten !== undefined) await store.deletePointer(ledgerPointer(`ledger ${forgotten}`))
  const own = ledgerPointer(await ledgerIdentity(db))
  for await (const { name } of store.listPointers()) {
    if (!name.startsWith('ledger-') || name === own) continue
    const id = name.slice('ledger-'.length)
    throw new CommandFailed(
      `Another ledger (${id}) uses these artifacts too, and gc sees only this one; if that one is gone, add --forget-ledger ${id}.`,
    )
  }
}

function describeGarbage({ artifacts, pointers, bytes, olderThan }: Garbage, removed: number | null): string {
  const since = minute(olderThan)
  if (artifacts.length + pointers.length === 0)
    return `Nothing to remove: all that was stored before ${since} is in use.`
  const what = `${count(artifacts.length, 'artifact')} of ${megabytes(bytes)} and ${count(pointers.length, 'note')} of progress inside stages or of compiled programs`
  return removed === null
    ? `${what}, last stored before ${since}, are out of reach; remove them with: npx gauntlet gc --remove`
    : `Removed ${megabytes(removed)}: ${what}, last stored before ${since}.`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Milliseconds. An artifact may be an hour old before the row that refers to it is written. */
export function parseGrace(text: string): number {
  const [, number, unit] = /^(\d{1,5})(h|d)$/.exec(text) ?? []
  const milliseconds = Number(number) * (unit === 'h' ? 3_600_000 : 86_400_000)
  if (milliseconds >= 3_600_000) return milliseconds
  throw new Misuse(`--grace is ${JSON.stringify(text)}; give hours or days, such as 36h or 7d, and no less than 1h.`)
}
