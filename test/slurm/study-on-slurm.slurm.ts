import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startPostgres } from '@gauntlet/infra'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { openLedger } from '@gauntlet/ledger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome, until } from '../end-to-end/gauntlet-home.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'
import { SlurmCluster } from './slurm-cluster.fixture.ts'

/*
 * A study on a real SLURM of one machine, which ends by itself although its allocations end: one is cancelled, one
 * meets its time limit, and the node is drained for a while. As root, with SLURM installed
 * (`infra/pools/install-slurm.sh`); ten minutes or so.
 */

const cluster = new SlurmCluster()
const home = new GauntletHome()

/** The folders in the cache with what the jobs of a ledger need; that of this test goes with its home. */
const jobFolders = () => readdirSync(cacheFolder()).filter((name) => name.startsWith('pools-'))
const others = new Set(jobFolders())

/** Trainings longer than an allocation, on fast machines too, that write a checkpoint every 4 steps of 32 images. */
const [interval, batch, images, validation] = [4, 32, 2560, 20]
const study = variant(
  'on-slurm',
  ['protocols: [FFT-1, LP-1]', 'protocols: [FFT-4]\nseeds: [1, 2]'],
  [
    'images: { train: 64, validation: 20, test: 40 }',
    `images: { train: ${images}, validation: ${validation}, test: 40 }`,
  ],
  ['  checkpointEverySteps: 1', `  checkpointEverySteps: ${interval}`],
)

beforeAll(async () => {
  await cluster.start()
  home.variables = { ...cluster.variables, GAUNTLET_DEVICE: 'cpu', GAUNTLET_DEVICES: '1' }
  await home.succeed(
    'up',
    '--reachable',
    '--name',
    '127.0.0.1',
    '--host',
    '127.0.0.1',
    '--port',
    String(await freePort()),
  )
})
afterAll(async () => {
  await home.remove()
  await cluster.remove()
  for (const name of jobFolders().filter((each) => !others.has(each)))
    rmSync(join(cacheFolder(), name), { recursive: true })
})

it('is told before anything is declared what SLURM would not take', async () => {
  const { code, stderr } = await home.run('pool', 'slurm', 'cpu', '--class', 'cpu', '--', '--partition=nosuch')
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^SLURM would not take such a job: .*partition/)])
  expect(await home.json('pool', 'list')).toEqual([])
})

it('ends by itself, with no work repeated beyond a checkpoint, and leaves nothing behind', async () => {
  const limits = ['--max-workers', '2', '--backlog', '1', '--idle', '20s', '--drain', '30s']
  await home.succeed('pool', 'slurm', 'cpu', '--class', 'cpu', ...limits, '--', '--partition=gpu', '--time=2')
  const file = home.study('on-slurm', study)
  await home.succeed('submit', file, '--pool', 'cpu')

  await until('a training has a checkpoint', () => home.midStageCheckpoints().size > 0, { limitSeconds: 240 })
  const [cancelled] = await cluster.jobs('--states=RUNNING')
  await cluster.slurm('scancel', cancelled!)
  await until('the cancelled job is gone', async () => !(await cluster.jobs()).includes(cancelled!))

  await until('another job runs', async () => (await cluster.jobs('--states=RUNNING')).length > 0)
  await cluster.setNode('drain')
  await sleep(45_000)
  await cluster.setNode('resume')

  await home.succeed('watch', file)
  expect(await home.json<unknown[]>('results', 'on-slurm')).toHaveLength(2 * 5)
  const trained = await trainings()
  expect(trained.filter(({ outcome }) => outcome === 'fulfilled')).toHaveLength(2)
  const interrupted = trained.filter(({ outcome }) => outcome === 'failed')
  expect(interrupted.length).toBeGreaterThan(1)
  for (const { failure } of interrupted) expect(failure).toBe('Preempted')
  for (const [reached, resumed] of repetitions(trained))
    expect(reached - imagesAt(resumed)).toBeLessThanOrEqual(imagesAt(interval) + validation)

  await until('the workers that are idle have ended', async () => (await cluster.jobs()).length === 0)
  expect(processesOf(home.folder)).toEqual([])
}, 1_500_000)

interface Training {
  readonly key: string
  readonly outcome: string
  readonly failure: string | null
  /** Images that were done when it ended, those of validation too. */
  readonly reached: number
  /** The step from which it went on. */
  readonly resumed: number
}

/** The attempts at trainings, in their order. */
async function trainings(): Promise<Training[]> {
  const ledger = openLedger((await startPostgres(home.folder)).databaseUrl)
  try {
    const { rows } = await ledger.db.execute<Training & Record<string, unknown>>(
      `select stage_key as key, outcome, failure_class as failure,
         coalesce((details -> 'lastProgress' ->> 'done')::int, 0) as reached,
         coalesce((details -> 'resumedFrom' ->> 'done')::int, 0) as resumed
       from attempt join execution using (stage_key) where stage = 'fine-tune' order by stage_key, number`,
    )
    return rows
  } finally {
    await ledger.close()
  }
}

/** For each attempt that follows another: the images that the one before did, and the step it went on from. */
function repetitions(attempts: readonly Training[]): [number, number][] {
  return attempts.slice(1).flatMap((next, index): [number, number][] => {
    const before = attempts[index]!
    return before.key === next.key ? [[before.reached, next.resumed]] : []
  })
}

/** Images that are done at a step; each epoch ends with a validation. */
function imagesAt(step: number): number {
  return batch * step + validation * Math.floor((batch * step) / images)
}

/** Processes that work for a home elsewhere than in its recorded services: workers and devices of jobs. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOfHome = readFileSync(join('/proc', pid, 'environ'), 'utf8').includes(folder)
        const command = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ')
        const isOfJob = readFileSync(join('/proc', pid, 'environ'), 'utf8').includes('SLURM_JOB_ID=')
        return isOfHome && isOfJob ? [command] : []
      } catch {
        return [] // it has ended meanwhile
      }
    })
}
