import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@gauntlet/client'
import type { SlurmStart } from '@gauntlet/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSlurm } from './fake-slurm.fixture.ts'
import { tendOnce, type PoolSettings } from './tended-pool.ts'

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

function settingsOf(ledger: string): PoolSettings {
  const home = join(folder, ledger)
  const servers = { databaseUrl: undefined, temporalAddress: 'temporal:7233', pool: undefined }
  return { home, ledger, artifacts: 'file:///shared/artifacts', cache: join(folder, 'cache'), ...servers }
}

/** Looks once after the pool `a100` of a ledger, for whose workers so many stages wait. */
function tend(stages: number, ledger = 'ours', start: Partial<SlurmStart> = {}): Promise<string | undefined> {
  const limits = { maxWorkers: 16, backlog: 2, idleSeconds: 300, drainSeconds: 120 }
  const pool = { name: 'a100', version: 1, accelerator: 'a100', memory: null, environmentClass: null }
  return tendOnce(settingsOf(ledger), waiting(stages), {
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
