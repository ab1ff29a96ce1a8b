import { declarePool } from '@gauntlet/ledger'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { readTended, writeTended } from '../slurm/tended-pool.ts'
import { untended } from '../slurm/tend.ts'
import { useHome } from '../stack/home.fixture.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { callCommand } from './call-command.fixture.ts'
import { addPool } from './pool.ts'

const home = useHome()

const resume = (name: string) => callCommand(addPool, 'pool', 'resume', name)

it('resumes a pool whose workers SLURM starts, and refuses any other name', async () => {
  await withLedger(async ({ db }) => {
    const start = { by: 'slurm', options: [], maxWorkers: 1, backlog: 1, idleSeconds: 60, drainSeconds: 60 } as const
    await declarePool(db, 'cluster', { accelerator: 'h100', memory: null, start })
    await declarePool(db, 'desk', { accelerator: 'h100', memory: null, start: { by: 'hand' } })
  })
  const tended = { ...untended, ledger: 'the ledger', known: ['7'] }
  await writeTended({ home: home() }, 'cluster', { ...tended, refused: 10, paused: 'SLURM refused' })
  expect(await resume('cluster')).toBe('Workers of cluster are started again where stages wait.')
  expect(readTended({ home: home() }, 'cluster')).toEqual(tended)
  for (const name of ['nosuchpool', 'desk']) {
    await expect(resume(name)).rejects.toThrow(Misuse)
    expect(existsSync(join(home(), 'pools', `${name}.json`))).toBe(false)
  }
}, 60_000)
