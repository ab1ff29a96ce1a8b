import { execFileSync } from 'node:child_process'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { sbatchScript, type WorkerPlace } from './sbatch-script.ts'

const start = { by: 'slurm', options: [], maxWorkers: 4, backlog: 2, idleSeconds: 300, drainSeconds: 90 } as const
const pool = { name: 'a100', version: 3, accelerator: 'a100', memory: null, environmentClass: digestOf('a100'), start }
const place: WorkerPlace = {
  artifacts: "file:///scratch/o'neil/artifacts",
  cache: '/scratch/cache',
  variables: '/home/me/my home/worker.env',
}

it('the script is one that a shell takes', () => {
  expect(() => execFileSync('sh', ['-n'], { input: sbatchScript(pool, place), stdio: 'pipe' })).not.toThrow()
})

it('the script asks for a signal before the end, and holds the worker to the environment of its pool', () => {
  const script = sbatchScript(pool, place)
  expect(script).toContain('#SBATCH --signal=USR2@90\n')
  expect(script).toContain(`export GAUNTLET_POOL_ENVIRONMENT=${pool.environmentClass}\n`)
  expect(script).toMatch(/\nexec srun --export=ALL --ntasks=1 .* workers\/gpu\/src\/main\.ts\n$/)
})

it('no password reaches a job, whatever the shell of the user exports', () => {
  expect(sbatchScript(pool, place)).toContain('\nunset DATABASE_URL GAUNTLET_DASHBOARD_TOKEN\n')
})

it('a quote in a path ends nothing', () => {
  const [line] = sbatchScript(pool, place).match(/^export GAUNTLET_ARTIFACTS=.*$/m)!
  const printed = execFileSync('sh', ['-c', `${line}; printf %s "$GAUNTLET_ARTIFACTS"`]).toString()
  expect(printed).toBe(place.artifacts)
})
