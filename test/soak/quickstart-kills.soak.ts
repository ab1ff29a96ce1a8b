import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countRows, evidenceOf, type Evidence } from '../end-to-end/evidence.fixture.ts'
import { GauntletHome, until, type Running } from '../end-to-end/gauntlet-home.fixture.ts'
import { requireNothingDoneTwice, requireResumption } from '../end-to-end/resumption.fixture.ts'

/*
 * Each part of the house killed in the middle of the quickstart study, in a home of its own, then `gauntlet run
 * quickstart` again: 25 rows, bit for bit those of a run that nobody disturbed. Some four minutes a case on two quiet
 * cores.
 */

const hour = 3_600_000
const calm = new GauntletHome()
let undisturbed: Evidence

beforeAll(async () => {
  await calm.succeed('run', 'quickstart')
  undisturbed = await evidenceOf(calm, 'quickstart')
  await calm.remove()
}, hour)

afterAll(() => calm.remove())

/** What is killed (SIGKILL), and whether the stages it worked on must have been tried again. */
const victims: readonly {
  readonly victim: string
  readonly kill: (home: GauntletHome) => void
  readonly losesWork: boolean
}[] = [
  {
    victim: 'a device process',
    kill: (home) => process.kill(deviceProcessOf(home.pid('gpu-worker')), 'SIGKILL'),
    losesWork: true,
  },
  { victim: 'the GPU worker', kill: (home) => process.kill(-home.pid('gpu-worker'), 'SIGKILL'), losesWork: true },
  { victim: 'the ledger worker', kill: (home) => process.kill(home.pid('ledger-worker'), 'SIGKILL'), losesWork: false },
  { victim: 'Temporal', kill: (home) => process.kill(home.pid('temporal'), 'SIGKILL'), losesWork: false },
  { victim: 'Postgres', kill: (home) => process.kill(home.pid('postgres'), 'SIGKILL'), losesWork: false },
  { victim: 'everything at once', kill: (home) => home.cutPower(), losesWork: true },
]

describe.each(victims)('killing $victim in mid-study', ({ victim, kill, losesWork }) => {
  const home = new GauntletHome()
  afterAll(() => home.remove())

  it(
    'leaves a study that ends with the rows of an undisturbed run, bit for bit, and repeats no finished work',
    async () => {
      const first = home.start('run', 'quickstart')
      await inMidStudy(home, first)
      kill(home)
      const left = home.midStageCheckpoints()
      const { code } = await first.ended
      await until('what was killed is gone or back', () => home.running().length !== 1)

      const again = await home.run('run', 'quickstart', '--json')
      expect(again.code, again.stderr).toBe(0)
      expect(JSON.parse(again.stdout)).toHaveLength(25)
      const disturbed = await evidenceOf(home, 'quickstart')
      expect(disturbed.rows).toEqual(undisturbed.rows)
      expect(await countRows(home, 'measurement')).toBe(25)
      requireNothingDoneTwice(disturbed)
      const resumed = requireResumption(disturbed, left, { workedOn: !losesWork })
      if (losesWork) expect(resumed.length).toBeGreaterThan(0)
      console.log(
        `${victim}: the first run ended with ${code}; ${resumed.length} of ${left.size} stages under way were resumed`,
      )
    },
    hour,
  )
})

/** One configuration trained, another one in training and past its first mid-stage checkpoint. */
async function inMidStudy(home: GauntletHome, run: Running): Promise<void> {
  const options = { limitSeconds: 1_800 }
  await run.until('a first fine-tuning has left a checkpoint', () => home.midStageCheckpoints().size > 0, options)
  const first = new Set(home.midStageCheckpoints().keys())
  const another = () => [...home.midStageCheckpoints().keys()].some((stageKey) => !first.has(stageKey))
  await run.until('another stage has left one', another, options)
}

/** One of the processes that compute for a GPU worker. */
function deviceProcessOf(worker: number): number {
  const children = execFileSync('ps', ['--ppid', String(worker), '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  return Number.parseInt(
    children.find((line) => line.includes('device-process'))!,
    10,
  )
}
