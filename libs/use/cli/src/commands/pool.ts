import {
  declaredPools,
  declarePool,
  ledgerIdentity,
  type LedgerDatabase,
  type RecordedDeclaration,
} from '@gauntlet/ledger'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { isSlurmPool, readTended, resumePool } from '../slurm/tended-pool.ts'
import { renderTable, type Column } from '../print/table.ts'
import { declaredSentence, gigabytes, requireName, withClass, type DeclareOptions } from './pool-options.ts'
import { addPoolSlurm } from './pool-slurm.ts'
import { addPoolTend } from './pool-tend.ts'

/** Declared pools: `declare`, `slurm`, `list`, `show`, `tend`, `resume`. */
export function addPool(program: Command): void {
  const pool = program.command('pool').description('declare pools of GPU workers, and let SLURM start their workers')
  withClass(pool.command('declare').description('declare a pool whose workers are started by hand or by a cluster'))
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .action(async (name: string, options: DeclareOptions) => {
      requireName(name)
      await withLedger(async ({ db }) => {
        const declaration = {
          accelerator: options.class,
          memory: options.memory ?? null,
          start: { by: 'hand' } as const,
        }
        console.log(declaredSentence(await declarePool(db, name, declaration)))
        console.log(`Start its workers with: npx gauntlet worker --pool ${name}`)
      })
    })
  addPoolSlurm(pool)
  pool
    .command('list')
    .description('list the declared pools')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      await withLedger(async ({ db }) => {
        const pools = await declaredPools(db)
        if (json) return console.log(JSON.stringify(pools, null, 2))
        console.log(
          pools.length > 0 ? renderTable(columns, pools) : 'No pool is declared; see: npx gauntlet pool declare --help',
        )
      })
    })
  pool
    .command('show')
    .description('show what a pool is declared to be')
    .argument('<name>', 'a declared pool')
    .action(async (name: string) => {
      await withLedger(async ({ db, settings }) => {
        const found = await findPool(db, name)
        const tended = isSlurmPool(found) ? { tended: readTended(settings, name) } : {}
        console.log(JSON.stringify({ ...found, ...tended }, null, 2))
      })
    })
  pool
    .command('resume')
    .description('let SLURM start workers again after a pool was paused')
    .argument('<name>', 'a declared pool')
    .action(async (name: string) => {
      await withLedger(async ({ db, settings }) => {
        if (!isSlurmPool(await findPool(db, name)))
          throw new Misuse(
            `The workers of ${name} are started by hand, so it never pauses; start one with: npx gauntlet worker --pool ${name}`,
          )
        await resumePool({ ...settings, ledger: await ledgerIdentity(db) }, name)
        console.log(`Workers of ${name} are started again where stages wait.`)
      })
    })
  addPoolTend(pool)
}

/** A declared pool by its name. Throws `Misuse`. */
export async function findPool(db: LedgerDatabase, name: string): Promise<RecordedDeclaration> {
  const [found] = await declaredPools(db, [name])
  if (!found) throw new Misuse(`No pool ${JSON.stringify(name)} is declared; see: npx gauntlet pool list`)
  return found
}

const columns: readonly Column<RecordedDeclaration>[] = [
  { heading: 'pool', cell: ({ name }) => name },
  { heading: 'version', align: 'right', cell: ({ version }) => String(version) },
  { heading: 'class', cell: ({ accelerator }) => accelerator },
  { heading: 'memory', align: 'right', cell: ({ memory }) => (memory === null ? '–' : gigabytes(memory)) },
  {
    heading: 'started',
    cell: ({ start }) => (start.by === 'slurm' ? `by SLURM, at most ${start.maxWorkers}` : 'by hand'),
  },
  {
    heading: 'environment',
    cell: ({ environmentClass }) => environmentClass?.slice(0, 12) ?? 'that of its first worker',
  },
]
