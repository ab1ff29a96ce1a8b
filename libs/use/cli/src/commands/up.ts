import { closeReach, openReach, reachedAt, reachPort } from '@gauntlet/infra'
import type { Command } from 'commander'
import { hostname, userInfo } from 'node:os'
import { Misuse } from '../command-failed.ts'
import { LocalStack, type Addresses } from '../stack/local-stack.ts'
import { wholeNumber } from '../parse/whole-number.ts'
import { refuseNeedless } from '../parse/refuse-needless.ts'
import { readCommandSettings, type CommandSettings } from '../settings.ts'
import { quoted } from '../print/quoted.ts'

interface UpOptions {
  readonly createLedger?: boolean
  readonly reachable?: boolean
  readonly host?: string
  readonly port?: number
  readonly name?: string
}

export function addUp(program: Command): void {
  program
    .command('up')
    .description('start the local Postgres, Temporal and workers, and leave them running')
    .option('--create-ledger', 'make the tables where the database of DATABASE_URL has none, without asking')
    .option('--reachable', 'let workers on other machines in, by mutual TLS with keys that are made for it')
    .option('--host <address>', 'with --reachable: the address to listen at (default: 0.0.0.0)')
    .option('--port <number>', `with --reachable: the port (default: ${reachPort})`, wholeNumber('--port', 1, 65_535))
    .option('--name <host name>', 'with --reachable: how other machines call this one (default: its host name)')
    .action(async (options: UpOptions) => {
      if (!options.reachable) refuseNeedless(options, ['host', 'port', 'name'], 'needs --reachable')
      const settings = readCommandSettings()
      const { temporalAddress, reach } = await LocalStack.use(settings, (stack) => start(stack, settings, options))
      if (settings.databaseUrl && settings.temporalAddress)
        return console.log(`The ledger is up to date, and nothing is started here beside your own services.`)
      const worker = reach ? 'a worker that fetches sources' : 'a GPU worker'
      console.log(
        `Running under ${settings.home}: Temporal at ${temporalAddress}, Postgres, a ledger worker, ${worker}. Stop them with: npx gauntlet down`,
      )
      console.log(reach ?? stillReachedSentence(settings.home) ?? tunnelSentence(temporalAddress))
    })
}

async function start(stack: LocalStack, settings: CommandSettings, { createLedger, reachable, ...place }: UpOptions) {
  if (reachable && settings.temporalAddress)
    throw new Misuse(
      'With TEMPORAL_ADDRESS set nothing is started here that could be reachable; leave --reachable out.',
    )
  await stack.database(createLedger ? async () => true : undefined)
  if (reachable) stack.onlyFetch()
  else closeReach(settings.home)
  const addresses: Addresses = await stack.everything()
  const reach = reachable ? reachSentence(await openReach(settings.home, place)) : undefined
  await stack.keep()
  return { ...addresses, reach }
}

function reachSentence({ name, port, variables }: Awaited<ReturnType<typeof openReach>>): string {
  return `Workers elsewhere reach it at ${name}:${port} with the key of this home; in a shell there: . ${quoted(variables)} && npx gauntlet worker --pool <name>`
}

/** Says that an earlier `up --reachable` still lets workers in, which this command does not end under their feet. */
function stillReachedSentence(home: string): string | undefined {
  const place = reachedAt(home)
  return (
    place &&
    `Workers elsewhere still reach it at ${place}, as it was started with --reachable; end that with: npx gauntlet down`
  )
}

/** How workers elsewhere reach a server that listens on loopback alone. */
function tunnelSentence(temporalAddress: string): string {
  const { username } = userInfo()
  return `From another machine by SSH: ssh -N -L 7233:${temporalAddress} ${username}@${hostname()}, and TEMPORAL_ADDRESS=127.0.0.1:7233 for its workers; or see: npx gauntlet up --reachable`
}
