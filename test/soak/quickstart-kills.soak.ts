import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countRows, recordedResults, type RecordedResults } from '../end-to-end/recorded-results.fixture.ts'
import { GauntletHome, until, type Running } from '../end-to-end/gauntlet-home.fixture.ts'
import { deviceProcessesOf } from './device-processes.ts'
import { requireOneFulfilmentEach, requireResumption } from '../end-to-end/attempt-history.fixture.ts'

/*
 * Kills each part of the system in the middle of the quickstart study, in a home of its own, and then runs `gauntlet
 * run quickstart` again. It must give 25 rows, bit for bit those of an undisturbed run. A case takes some four minutes
 * on two quiet cores.
 */

const hour = 3_600_000
const undisturbedHome = new GauntletHome()
let undisturbed: RecordedResults

beforeAll(async () => {
  await undisturbedHome.succeed('run', 'quickstart')
  undisturbed = await recordedResults(undisturbedHome, 'quickstart')
  await undisturbedHome.remove()
}, hour)

afterAll(() => undisturbedHome.remove())

/** The parts that are killed with SIGKILL, and whether stages lose their attempts by it. */
const cases: readonly {
  readonly part: string
  readonly kill: (home: GauntletHome) => void
  readonly losesAttempts: boolean
}[] = [
  {
    part: 'a device process',
    kill: (home) => process.kill(deviceProcessesOf(home.pid('gpu-worker'))[0]!, 'SIGKILL'),
    losesAttempts: true,
  },
  { part: 'the GPU worker', kill: (home) => process.kill(-home.pid('gpu-worker'), 'SIGKILL'), losesAttempts: true },
  {
    part: 'the ledger worker',
    kill: (home) => process.kill(home.pid('ledger-worker'), 'SIGKILL'),
    losesAttempts: false,
  },
  { part: 'Temporal', kill: (home) => process.kill(home.pid('temporal'), 'SIGKILL'), losesAttempts: false },
  { part: 'Postgres', kill: (home) => process.kill(home.pid('postgres'), 'SIGKILL'), losesAttempts: false },
  { part: 'everything at once', kill: (home) => home.killEverything(), losesAttempts: true },
]

describe.each(cases)('killing $part in the middle of a study', ({ part, kill, losesAttempts }) => {
  const home = new GauntletHome()
  afterAll(() => home.remove())

  it(
    'leaves a study that ends with the rows of an undisturbed run, bit for bit, and repeats no finished work',
    async () => {
      const first = home.start('run', 'quickstart')
      await untilMidStudy(home, first)
      kill(home)
      const left = home.midStageCheckpoints()
      const { code } = await first.ended
      await until('what was killed is gone or back', () => home.running().length !== 1)

      const again = await home.run('run', 'quickstart', '--json')
      expect(again.code, again.stderr).toBe(0)
      expect(JSON.parse(again.stdout)).toHaveLength(25)
      const disturbed = await recordedResults(home, 'quickstart')
      expect(disturbed.rows).toEqual(undisturbed.rows)
      expect(await countRows(home, 'measurement')).toBe(25)
      requireOneFulfilmentEach(disturbed)
      const resumed = requireResumption(disturbed, left, { workedOn: !losesAttempts })
      if (losesAttempts) expect(resumed.length).toBeGreaterThan(0)
      console.log(
        `${part}: the first run ended with ${code}; ${resumed.length} of ${left.size} stages under way were resumed`,
      )
    },
    hour,
  )
})

/** Waits until one configuration is trained and another one is in training, past its first mid-stage checkpoint. */
async function untilMidStudy(home: GauntletHome, run: Running): Promise<void> {
  const options = { limitSeconds: 1_800 }
  await run.until('a first fine-tuning has left a checkpoint', () => home.midStageCheckpoints().size > 0, options)
  const first = new Set(home.midStageCheckpoints().keys())
  const another = () => [...home.midStageCheckpoints().keys()].some((stageKey) => !first.has(stageKey))
  await run.until('another stage has left one', another, options)
}
