import { reachVariables } from '@gauntlet/infra'
import { declarePool, ledgerIdentity } from '@gauntlet/ledger'
import { Option, type Command } from 'commander'
import { CommandFailed } from '../command-failed.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { parseSeconds } from '../parse/parse-seconds.ts'
import { wholeNumber } from '../parse/whole-number.ts'
import { requireUsable } from '../slurm/sbatch-options.ts'
import { SlurmRefused } from '../slurm/slurm.ts'
import { sharingDoubt } from '../slurm/job-folder.ts'
import { isSlurmPool, tryPool } from '../slurm/tended-pool.ts'
import { declaredSentence, requireName, withClass, type DeclareOptions } from './pool-options.ts'

interface SlurmOptions extends DeclareOptions {
  readonly maxWorkers: number
  readonly backlog: number
  readonly idle: number
  readonly drain: number
}

export function addPoolSlurm(pool: Command): void {
  withClass(
    pool
      .command('slurm')
      .description(
        'declare a pool whose workers SLURM starts, one for each element of a job array; tries a submission',
      ),
  )
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .argument(
      '[sbatch options...]',
      'after --: where and how long its jobs run, such as --partition=gpu --time=4:00:00',
    )
    .option('--max-workers <n>', 'most jobs that run or wait', wholeNumber('--max-workers', 1, 100_000), 16)
    .option(
      '--backlog <n>',
      'waiting stages for which one worker is submitted',
      wholeNumber('--backlog', 1, 100_000),
      2,
    )
    .addOption(
      new Option('--idle <time>', 'how long a worker goes on without a stage, such as 90s, 5m or 1h')
        .argParser(parseSeconds)
        .default(300, '5m'),
    )
    .addOption(
      new Option('--drain <time>', 'how long before the end of its allocation a worker stops its stages, such as 90s')
        .argParser(parseSeconds)
        .default(120, '2m'),
    )
    .action(async (name: string, sbatchOptions: readonly string[], options: SlurmOptions) => {
      requireName(name)
      requireUsable(sbatchOptions, options.drain)
      await withLedger(async ({ db, settings }) => {
        if (!settings.temporalAddress && !reachVariables(settings.home))
          throw new CommandFailed(
            'Jobs could not reach Temporal, which listens on this machine alone; run npx gauntlet up --reachable first, or set TEMPORAL_ADDRESS to a server of yours.',
          )
        const { maxWorkers, backlog, idle: idleSeconds, drain: drainSeconds } = options
        const start = { by: 'slurm' as const, options: sbatchOptions, maxWorkers, backlog, idleSeconds, drainSeconds }
        const declaration = { accelerator: options.class, memory: options.memory ?? null, start }
        const ledger = await ledgerIdentity(db)
        await tryPool({ ...settings, ledger }, { ...declaration, name, version: 0, environmentClass: null }).catch(
          (error: unknown) => {
            if (error instanceof SlurmRefused)
              throw new CommandFailed(`SLURM would not take such a job: ${error.message}`)
            throw error
          },
        )
        const declared = await declarePool(db, name, declaration)
        if (!isSlurmPool(declared)) return
        const doubt = sharingDoubt(settings)
        if (doubt) console.error(doubt)
        console.log(`${declaredSentence(declared)} SLURM would take its jobs.`)
        console.log(`Studies run on it with: npx gauntlet submit <study> --pool ${name}`)
      })
    })
}
