import type { DeclaredPool, SlurmStart } from '@gauntlet/contract'
import { digestOf } from '@gauntlet/study'
import { checkout } from '../checkout.ts'
import { quoted } from '../print/quoted.ts'

/** What workers on compute nodes need beside their pool. */
export interface WorkerPlace {
  readonly artifacts: string
  readonly cache: string
  /** A file of variables that say how to reach Temporal; undefined where those of the environment do. */
  readonly variables: string | undefined
}

/** A short name of a ledger, which is always the same. */
export function ledgerMark(ledger: string): string {
  return digestOf(ledger).slice(0, 8)
}

/** The name of the jobs of a pool. It names the ledger, since another one of the same user may have such a pool too. */
export function jobName(pool: string, ledger: string): string {
  return `gauntlet-${pool}-${ledgerMark(ledger)}`
}

/**
 * The script of a job array whose elements are one worker each. What the partition is, how long it lasts and which
 * devices an element has are options of the call. `srun` makes the worker a step of the job, since signals that the
 * cluster sends before the end go to steps. It is told to pass on the environment, which it does not where sbatch was
 * told otherwise.
 */
export function sbatchScript(pool: DeclaredPool & { readonly start: SlurmStart }, place: WorkerPlace): string {
  const { name, version, start, environmentClass } = pool
  const variables = {
    GAUNTLET_POOL: name,
    ...(environmentClass ? { GAUNTLET_POOL_ENVIRONMENT: environmentClass } : {}),
    GAUNTLET_ARTIFACTS: place.artifacts,
    GAUNTLET_CACHE: place.cache,
    GAUNTLET_IDLE_SECONDS: String(start.idleSeconds),
    GAUNTLET_DRAIN_SECONDS: String(start.drainSeconds),
  }
  return `#!/bin/sh
# Workers of the pool ${name}, version ${version}. Written by npx gauntlet pool.
#SBATCH --signal=USR2@${start.drainSeconds}
cd ${quoted(checkout)} || exit 1
unset DATABASE_URL GAUNTLET_DASHBOARD_TOKEN
${place.variables ? `. ${quoted(place.variables)}\n` : ''}${exports(variables)}
# The worker stops by the clock. SLURM before 23.02 does not tell a job when it ends.
if [ -z "$SLURM_JOB_END_TIME" ]; then
  end=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%e)
  SLURM_JOB_END_TIME=$(date -d "$end" +%s 2>/dev/null)
  export SLURM_JOB_END_TIME
fi
export GAUNTLET_WORKER="gpu@$(hostname)/slurm-$SLURM_JOB_ID"
exec srun --export=ALL --ntasks=1 ${quoted(process.execPath)} infra/programs/start.mjs workers/gpu/src/main.ts
`
}

function exports(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}`)
    .join('\n')
}
