import { programStarter, withoutCredentials } from '@gauntlet/infra'
import { openLedger } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { spawn } from 'node:child_process'
import { gpuWorker } from '../checkout.ts'
import { CommandFailed } from '../command-failed.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { parseSeconds } from '../parse/parse-seconds.ts'
import { readCommandSettings } from '../settings.ts'
import { requireName } from './pool-options.ts'
import { findPool } from './pool.ts'

interface WorkerOptions {
  readonly pool: string
  readonly idle?: number
  readonly time?: number
}

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description(
      'run a GPU worker of a pool in the foreground; it ends its stages with a checkpoint when it is told to stop',
    )
    .requiredOption('--pool <name>', 'the pool that it joins')
    .option('--idle <time>', 'end after so long without a stage, such as 5m (default: never)', parseSeconds)
    .option(
      '--time <time>',
      'the machine is taken away after so long, such as 4h, so stop in time (default: at the end of the SLURM job, or never)',
      parseSeconds,
    )
    .action(async ({ pool, idle, time }: WorkerOptions) => {
      requireName(pool)
      const settings = readCommandSettings()
      const stack = new LocalStack(settings)
      const address = stack.temporalAddress()
      if (!address)
        throw new CommandFailed(
          'No Temporal server runs here; set TEMPORAL_ADDRESS, or read the file that npx gauntlet up --reachable names.',
        )
      // A worker elsewhere reaches Temporal alone.
      const hasLedger = settings.databaseUrl !== undefined || settings.temporalAddress === undefined
      const environment = hasLedger ? await environmentOf(await stack.databaseToRead(), pool) : null
      process.exitCode = await runWorker({
        ...withoutCredentials(),
        TEMPORAL_ADDRESS: address,
        GAUNTLET_POOL: pool,
        GAUNTLET_ARTIFACTS: settings.artifacts,
        GAUNTLET_CACHE: settings.cache,
        ...(environment ? { GAUNTLET_POOL_ENVIRONMENT: environment } : {}),
        ...(idle ? { GAUNTLET_IDLE_SECONDS: String(idle) } : {}),
        ...(time ? { GAUNTLET_DEADLINE: String(Math.floor(Date.now() / 1_000) + time) } : {}),
      })
    })
}

/** The environment class that a pool is declared to be of, if any. Throws `Misuse` where none of that name is. */
async function environmentOf(databaseUrl: string, pool: string): Promise<string | null> {
  const ledger = openLedger(databaseUrl)
  try {
    return (await findPool(ledger.db, pool)).environmentClass
  } finally {
    await ledger.close()
  }
}

/** Runs the worker to its end, passes signals on, and gives its exit code. It drains when this process is killed. */
function runWorker(variables: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [programStarter, 'src/main.ts'], {
    cwd: gpuWorker,
    env: { ...process.env, ...variables },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // A terminal signals both processes; a second signal does no harm.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)
    process.on(signal, () => void child.kill(signal))
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('exit', (code) => done(code ?? 1))
  })
}
