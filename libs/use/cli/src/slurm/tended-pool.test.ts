import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@gauntlet/client'
import type { SlurmStart } from '@gauntlet/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSlurm } from './fake-slurm.fixture.ts'
import { sharingDoubt } from './job-folder.ts'
import { readTended, tendOnce, writeTended, type PoolSettings } from './tended-pool.ts'

let folder: string
let cluster: FakeSlurm

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-slurm-test-'))
  cluster = new FakeSlurm(join(folder, 'slurm'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function settingsOf(ledger: string, cache = 'cache'): PoolSettings {
  const home = join(folder, ledger)
  const servers = { databaseUrl: undefined, temporalAddress: 'temporal:7233', pool: undefined, fetchPool: 'fetch' }
  return { home, ledger, artifacts: 'file:///shared/artifacts', cache: join(folder, cache), ...servers }
}

/** Looks once after the pool `a100` of a ledger, for whose workers so many stages wait. */
function tend(
  stages: number,
  ledger = 'ours',
  start: Partial<SlurmStart> = {},
  settings = settingsOf(ledger),
): Promise<string | undefined> {
  const limits = { maxWorkers: 16, backlog: 2, idleSeconds: 300, drainSeconds: 120 }
  const pool = { name: 'a100', version: 1, accelerator: 'a100', memory: null, environmentClass: null }
  return tendOnce(settings, waiting(stages), {
    ...pool,
    start: { by: 'slurm', options: [], ...limits, ...start },
  })
}

/** A Temporal server at which so many stages wait, and no question. */
function waiting(stages: number): Client {
  const describeTaskQueue = async ({ taskQueue }: { readonly taskQueue: { readonly name: string } }) => ({
    stats: { approximateBacklogCount: taskQueue.name.includes('descri') ? 0 : stages },
  })
  return { options: { namespace: 'default' }, workflowService: { describeTaskQueue } } as unknown as Client
}

describe('a pool of the same name in another ledger of the user', () => {
  it('keeps its jobs where nothing waits here, and its own where something does', async () => {
    await tend(8, 'theirs')
    await tend(0, 'ours')
    expect(cluster.jobs).toHaveLength(4)
    await tend(8, 'ours')
    expect(cluster.jobs).toHaveLength(8)
    await tend(0, 'theirs')
    expect(cluster.jobs).toHaveLength(4)
  })
})

describe('what jobs need', () => {
  it('lies in the shared cache and not in the home, where nobody else may read it', async () => {
    const { home, cache } = settingsOf('ours')
    mkdirSync(join(home, 'reach'), { recursive: true })
    for (const name of ['authority.pem', 'worker.pem', 'worker.key']) writeFileSync(join(home, 'reach', name), name)
    writeFileSync(join(home, 'reach/listen.json'), JSON.stringify({ host: '0.0.0.0', port: 7243, name: 'login1' }))
    await tend(2)
    const [jobs] = readdirSync(cache).map((name) => join(cache, name)) as [string]
    const modeOf = (name: string) => statSync(join(jobs, name)).mode & 0o777
    expect(['', 'a100.sh', 'worker.env', 'worker.key'].map(modeOf)).toEqual([0o700, 0o700, 0o600, 0o600])
    const needed = ['a100.sh', 'worker.env'].map((name) => readFileSync(join(jobs, name), 'utf8')).join('')
    expect(needed).not.toContain(home)
    expect(needed).toContain(`'${jobs}/worker.key'`)
    expect(needed).toContain("TEMPORAL_ADDRESS='login1:7243'")
    expect(readFileSync(join(jobs, 'worker.key'), 'utf8')).toBe('worker.key')
  })

  it('may lie behind a path that has what sbatch reads as a pattern', async () => {
    await tend(2, 'ours', {}, settingsOf('ours', '100%A'))
    expect(cluster.submissions[0]).toMatch(/ --output=\S+\/100%%A\/pools-\w{8}\/logs\/a100-%A_%a\.log /)
  })

  it('is said to be in doubt where it lies on no network file system', () => {
    const place = { cache: '/local/cache', artifacts: 'file:///scratch/artifacts' }
    expect(sharingDoubt(place, (folder) => folder !== '/local/cache')).toContain(': GAUNTLET_CACHE (/local/cache). ')
    expect(sharingDoubt(place, () => true)).toBeNull()
  })
})

describe('jobs that end without a log', () => {
  const paused = () => readTended(settingsOf('ours'), 'a100').paused

  it.each([['FAILED'], ['RUNNING'], [null]] as const)(
    'pause the pool, where SLURM had them last as %s',
    async (state) => {
      for (let looks = 0; looks < 20; looks++) {
        await tend(8)
        cluster.become(state)
        if (looks % 2 === 1) cluster.become(null)
      }
      expect(paused()).toBe('4 workers in a row ended before they were ready')
      expect(cluster.submissions).toHaveLength(1)
    },
  )

  it('do not where somebody took them back', async () => {
    await tend(8)
    cluster.become('CANCELLED')
    await tend(8)
    await tend(0)
    await tend(8)
    expect(paused()).toBeNull()
    expect(cluster.submissions).toHaveLength(3)
  })

  it('do not where they are of an earlier version, whose logs lie elsewhere', async () => {
    const earlier = { known: ['1_1', '1_2', '1_3', '1_4'], refused: 0, failedStarts: 0, paused: null }
    await writeTended(settingsOf('ours'), 'a100', { ...earlier, ledger: null })
    await tend(0)
    expect(paused()).toBeNull()
  })
})

describe('the jobs of a pool', () => {
  it('are never more than it may have, where two look after it at once', async () => {
    await Promise.all([tend(100, 'ours', { maxWorkers: 4 }), tend(100, 'ours', { maxWorkers: 4 })])
    expect(cluster.jobs).toHaveLength(4)
  })

  it('are never more than it may have, whatever name the options or variables of sbatch give them', async () => {
    for (let looks = 0; looks < 3; looks++)
      await tend(100, 'ours', { maxWorkers: 4, options: ['--job-name=mine', '--output=/tmp/mine'] })
    expect(cluster.jobs).toHaveLength(4)
    expect(cluster.submissions[0]).toMatch(
      / --no-requeue --job-name=gauntlet-a100-\w{8} --output=\S+\/logs\/a100-%A_%a\.log /,
    )
  })

  it('are as many as SLURM takes, which does not pause the pool', async () => {
    cluster.limit = 5
    const said: (string | undefined)[] = []
    for (let looks = 0; looks < 12; looks++) said.push(await tend(100))
    expect(said[0]).toBe('a100: 4 workers for 100 stages (of 16; SLURM refuses more: QOSMaxSubmitJobPerUserLimit)')
    expect(cluster.jobs).toHaveLength(5)
    expect(readTended(settingsOf('ours'), 'a100').paused).toBeNull()
  })

  it('are none once SLURM has refused a single one ten times', async () => {
    cluster.limit = 0
    for (let looks = 0; looks < 9; looks++) await tend(100)
    expect(await tend(100)).toContain('a100 is paused: SLURM refused 10 submissions in a row: QOSMaxSubmit')
    const before = cluster.submissions.length
    await tend(100)
    expect(cluster.submissions).toHaveLength(before)
  })
})
