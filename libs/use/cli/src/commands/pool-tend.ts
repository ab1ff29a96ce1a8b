import { openLedger, declaredPools, ledgerIdentity } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed } from '../command-failed.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { parseSeconds } from '../parse/parse-seconds.ts'
import { readCommandSettings } from '../settings.ts'
import { isSlurmPool, tendOnce } from '../slurm/tended-pool.ts'
import { connectTemporal } from '../stack/temporal.ts'

export function addPoolTend(pool: Command): void {
  pool
    .command('tend')
    .description('submit workers to SLURM where stages wait, again and again; run and submit do it for local services')
    .option('--once', 'look once and end, such as from cron')
    .option('--every <time>', 'how often it looks', parseSeconds, 30)
    .action(async ({ once, every }: { once?: boolean; every: number }) => {
      const settings = readCommandSettings()
      const stack = new LocalStack(settings)
      const address = stack.temporalAddress()
      if (!address) throw new CommandFailed('No Temporal server runs here; start it with: gauntlet up --reachable')
      const ledger = openLedger(await stack.databaseToRead())
      const { client, close } = await connectTemporal(address)
      try {
        for (;;) {
          for (const declared of (await declaredPools(ledger.db)).filter(isSlurmPool)) {
            const said = await tendOnce(
              { ...settings, ledger: await ledgerIdentity(ledger.db) },
              client,
              declared,
            ).catch((error: unknown) => {
              if (once) throw error
              return `${declared.name}: ${(error as Error).message}` // the cluster or the server may be back later
            })
            if (said) console.log(`${new Date().toISOString()} ${said}`)
          }
          if (once) return
          await sleep(1_000 * every)
        }
      } finally {
        await Promise.all([close(), ledger.close()])
      }
    })
}
