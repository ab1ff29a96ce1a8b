import type { Command } from 'commander'
import { LocalStack } from '../local-stack.ts'
import { readCommandSettings } from '../settings.ts'

export function addUp(program: Command): void {
  program
    .command('up')
    .description('start the local Postgres, Temporal and workers, and leave them running')
    .action(async () => {
      const settings = readCommandSettings()
      const { temporalAddress } = await LocalStack.use(settings, async (stack) => {
        const addresses = await stack.everything()
        await stack.keep()
        return addresses
      })
      console.log(
        `Running under ${settings.home}: Temporal at ${temporalAddress}, Postgres, a ledger worker, a GPU worker. Stop them with: gauntlet down`,
      )
    })
}
