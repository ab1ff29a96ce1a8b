import { declaredPools, ledgerIdentity } from '@gauntlet/ledger'
import { Option, type Command } from 'commander'
import { CommandFailed } from '../command-failed.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { parseSeconds } from '../parse/parse-seconds.ts'
import { isSlurmPool, tendOnce } from '../slurm/tended-pool.ts'
import { tendPools } from '../slurm/tend-pools.ts'
import { connectTemporal } from '../stack/temporal.ts'

export function addPoolTend(pool: Command): void {
  pool
    .command('tend')
    .description('submit workers to SLURM where stages wait, again and again; run and submit do it for local services')
    .option('--once', 'look once and end, such as from cron')
    .addOption(
      new Option('--every <time>', 'time between two looks, such as 30s or 5m')
        .argParser(parseSeconds)
        .default(30, '30s'),
    )
    .action(async ({ once, every }: { once?: boolean; every: number }) => {
      await withLedger(async ({ settings, db, signal }) => {
        const address = new LocalStack(settings).temporalAddress()
        if (!address)
          throw new CommandFailed('No Temporal server runs here; start it with: npx gauntlet up --reachable')
        const { client, close } = await connectTemporal(address)
        try {
          await tendPools({
            pools: async () => (await declaredPools(db)).filter(isSlurmPool),
            tend: async (declared) => tendOnce({ ...settings, ledger: await ledgerIdentity(db) }, client, declared),
            say: (sentence) => console.log(`${new Date().toISOString()} ${sentence}`),
            signal,
            ...(once ? {} : { every: 1_000 * every }),
          })
        } finally {
          await close()
        }
      })
    })
}
