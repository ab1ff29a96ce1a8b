import type { Command } from 'commander'
import { LocalStack } from '../local-stack.ts'
import { readCommandSettings } from '../settings.ts'

export function addUp(program: Command): void {
  program
    .command('up')
    .description('start the local Postgres, Temporal and workers, and leave them running')
    .option('--create-ledger', 'make the tables where the database of DATABASE_URL has none, without asking')
    .action(async ({ createLedger }: { createLedger?: boolean }) => {
      const settings = readCommandSettings()
      const { temporalAddress } = await LocalStack.use(settings, async (stack) => {
        await stack.database(createLedger ? async () => true : undefined)
        const addresses = await stack.everything()
        await stack.keep()
        return addresses
      })
      if (settings.databaseUrl && settings.temporalAddress)
        return console.log(`The ledger is up to date, and nothing is started here beside your own services.`)
      console.log(
        `Running under ${settings.home}: Temporal at ${temporalAddress}, Postgres, a ledger worker, a GPU worker. Stop them with: gauntlet down`,
      )
    })
}
