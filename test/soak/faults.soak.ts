import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attemptCounts, recordedResults, type RecordedResults } from '../end-to-end/recorded-results.fixture.ts'
import { GauntletHome, type Running } from '../end-to-end/gauntlet-home.fixture.ts'
import { smoke } from '../end-to-end/studies.fixture.ts'
import { deviceProcessesOf } from './device-processes.ts'

/*
 * Parts that hang, are full or are away while a study runs. The study must end by itself, with the rows of an
 * undisturbed run, or with the missing cells named.
 */

const hour = 3_600_000
const homes: GauntletHome[] = []
let undisturbed: RecordedResults

function newHome(): GauntletHome {
  const home = new GauntletHome()
  homes.push(home)
  return home
}

beforeAll(async () => {
  const home = newHome()
  await home.succeed('run', home.study('smoke', smoke))
  undisturbed = await recordedResults(home, 'smoke')
}, hour)

afterAll(async () => {
  for (const home of homes) await home.remove()
}, 300_000)

/** Starts the study, and waits until it trains. */
async function inTraining(home: GauntletHome): Promise<Running> {
  const run = home.start('run', home.study('smoke', smoke))
  await run.until('a training has a checkpoint', () => home.midStageCheckpoints().size > 0)
  return run
}

async function expectSameRows(home: GauntletHome, run: Running): Promise<void> {
  const { code, stderr } = await run.ended
  expect(code, stderr).toBe(0)
  expect((await recordedResults(home, 'smoke')).rows).toEqual(undisturbed.rows)
}

describe('a study', { timeout: hour }, () => {
  it('goes on within minutes when a device process is stopped', async () => {
    const home = newHome()
    const run = await inTraining(home)
    const stoppedAt = Date.now()
    for (const pid of deviceProcessesOf(home.pid('gpu-worker'))) process.kill(pid, 'SIGSTOP')
    await run.until('an attempt is lost', async () => ((await attemptCounts(home))['fine-tune failed'] ?? 0) > 0, {
      limitSeconds: 600,
    })
    console.log(`lost after ${Math.round((Date.now() - stoppedAt) / 1_000)} s`)
    await expectSameRows(home, run)
  })

  it('goes on when Postgres hangs', async () => {
    const home = newHome()
    const run = await inTraining(home)
    const stopped = home.pid('postgres')
    process.kill(stopped, 'SIGSTOP')
    await run.until('it is replaced', () => home.running().includes('postgres') && home.pid('postgres') !== stopped)
    await expectSameRows(home, run)
  })

  it('waits for the artifact store, which is away for a minute', async () => {
    const home = newHome()
    const run = await inTraining(home)
    const [store, away] = [join(home.folder, 'artifacts'), join(home.folder, 'artifacts.away')]
    renameSync(store, away)
    writeFileSync(store, '') // so that nobody makes another one
    await sleep(60_000)
    rmSync(store)
    renameSync(away, store)
    await expectSameRows(home, run)
  })

  it('names the cells that a full disk leaves without numbers, and fills them once there is room', async () => {
    const home = newHome()
    const store = join(home.folder, 'artifacts')
    mkdirSync(store)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=36m', 'tmpfs', store]) // the weights fit, and little more
    try {
      const full = await home.run('run', home.study('smoke', smoke))
      expect(full.code).toBe(1)
      expect(full.stdout + full.stderr).toMatch(/no space|full|ENOSPC/i)
      execFileSync('mount', ['-o', 'remount,size=600m', store])
      await expectSameRows(home, home.start('run', home.study('smoke', smoke)))
    } finally {
      execFileSync('umount', ['-l', store])
    }
  })
})
