import { setTimeout as sleep } from 'node:timers/promises'
import {
  cancelStudy,
  extendStudy,
  isStudyRunning,
  pauseStudy,
  resumeStudy,
  retryStudy,
  StudyNotExtendable,
  StudyNotRunning,
  type Client,
} from '@gauntlet/client'
import { retryPolicy } from '@gauntlet/contract'
import { parseStudy } from '@gauntlet/study'
import { afterAll, describe, expect, it } from 'vitest'
import { lastingFaults } from '../simulated/simulated-stages.ts'
import { SimulatedHome } from '../simulated/simulated-home.ts'
import { simulatedStudy, type SimulatedStudy } from '../simulated/simulated-study.ts'
import type { Simulation } from '../simulated/simulation.ts'
import { seededDice } from './seeded-dice.ts'
import { attemptsIn, rowsOf, summed } from './simulated-rows.ts'

/*
 * A study with simulated stages and failures of every class that is paused, resumed, retried, extended and cancelled
 * again and again while it runs. `SOAK_SEED` says in which order.
 */

const dice = seededDice(Number(process.env.SOAK_SEED ?? 1))
/**
 * Configurations at first, and how many each extension adds. Fewer configurations fail by a bug (`lastingFaults`) than
 * open a circuit, since which ones that skips depends on when it opens.
 */
const [size, added] = [170, 20]
/** How often each thing is done, in an order that the dice decide. */
const times = { pause: 15, pauseNow: 15, retry: 10, retryClass: 10, extend: 5, cancel: 5 }
type Action = keyof typeof times

const simulation: Simulation = {
  pool: 'default',
  devices: 8,
  images: 20,
  distinct: true,
  faulty: true,
  seconds: { 'prepare-dataset': 0.5, 'pretrain-load': 0.5, 'fine-tune': 0.5, 'perturb-and-evaluate': 0.2 },
}
const homes = {
  controlled: new SimulatedHome(simulation, 2),
  undisturbed: new SimulatedHome({ ...simulation, seconds: {} }, 1),
}
afterAll(async () => {
  for (const home of Object.values(homes)) await home.remove()
}, 300_000)

function start(home: SimulatedHome, client: Client, study: SimulatedStudy) {
  return home.startStudy(client, study, { window: 50 })
}

/** The actions in an order of their own, and the study that they have led to. */
class ControlledStudy {
  study = simulatedStudy(size, 0)
  readonly left: Action[] = Object.entries(times).flatMap(([action, count]) =>
    Array.from({ length: count }, () => action as Action),
  )
  constructor(private readonly client: Client) {}

  /** Does one of the actions that are left. */
  async act(): Promise<Action> {
    const [action] = this.left.splice(dice(this.left.length), 1) as [Action]
    await this.does[action]()
    return action
  }

  private readonly does: Readonly<Record<Action, () => Promise<void>>> = {
    pause: () => this.pauseAWhile(false),
    pauseNow: () => this.pauseAWhile(true),
    retry: async () => void (await retryStudy(this.client, this.study.id)),
    retryClass: async () => void (await retryStudy(this.client, this.study.id, { failureClass: 'Bug' })),
    extend: () => this.extend(),
    cancel: async () => {
      await cancelStudy(this.client, this.study.id)
      if (await isStudyRunning(this.client, this.study.id)) throw new Error('It runs after it was cancelled.')
      await start(homes.controlled, this.client, this.study)
    },
  }

  private async pauseAWhile(now: boolean): Promise<void> {
    const { paused } = await pauseStudy(this.client, this.study.id, { now })
    if (paused !== 'asked') throw new Error(`It is paused by ${paused}.`)
    await sleep(dice(1_500))
    const { paused: still } = await resumeStudy(this.client, this.study.id)
    if (still !== null) throw new Error(`It is still paused by ${still}.`)
  }

  private async extend(): Promise<void> {
    const longer = simulatedStudy(this.study.configurations.length + added, 0)
    const file = await homes.controlled.stored(longer.text)
    const study = parseStudy(longer.text, 'simulated.study.yaml')
    const extended = await homes.controlled.withLedger((db) => extendStudy(this.client, db, { study, file }))
    const { of, addedConfigurations, hasBegun } = extended
    if (of !== this.study.id || addedConfigurations !== added || !hasBegun)
      throw new Error(`It was extended otherwise: ${JSON.stringify(extended)}`)
    this.study = longer
  }
}

describe('a study that is controlled while it runs', () => {
  it(
    'ends with exactly the rows of an undisturbed one, and leaves nothing behind',
    { timeout: 3_600_000 },
    async () => {
      const study = await homes.controlled.withClient(async (client) => {
        const controlled = new ControlledStudy(client)
        await start(homes.controlled, client, controlled.study)
        await controlUntilDone(controlled, client)
        await (await start(homes.controlled, client, controlled.study)).result()
        const running = client.workflow.list({ query: 'ExecutionStatus = "Running"' })
        for await (const { workflowId } of running) expect.fail(`${workflowId} still runs.`)
        return controlled.study
      })
      await homes.undisturbed.withClient(async (client) => (await start(homes.undisturbed, client, study)).result())
      const [controlled, undisturbed] = [await rowsOf(homes.controlled, study), await rowsOf(homes.undisturbed, study)]
      expect(controlled.numbers).toEqual(undisturbed.numbers)
      expect(controlled.missing).toEqual(undisturbed.missing)
      const lasting = study.configurations.filter(({ seed }) => lastingFaults[seed % 100])
      expect(controlled.numbers.length).toBe(5 * (study.configurations.length - lasting.length))
      const attempts = await attemptsIn(homes.controlled)
      expect(attempts.filter(({ outcome }) => outcome === 'running')).toEqual([])
      for (const { stage_key: key, run_id: run, failure_class: failureClass, count } of attempts)
        if (failureClass) expect(count, `${key} in ${run}`).toBeLessThanOrEqual(retryPolicy[failureClass].retries + 1)
      console.log('attempts', summed(attempts))
    },
  )
})

/** Acts until nothing is left to be done. A study that ended in between is started again, which recalls what it did. */
async function controlUntilDone(controlled: ControlledStudy, client: Client): Promise<void> {
  while (controlled.left.length > 0) {
    await sleep(dice(2_000))
    const restarts = !(await isStudyRunning(client, controlled.study.id))
    if (restarts) await start(homes.controlled, client, controlled.study)
    try {
      console.log(`  ${await controlled.act()}${restarts ? ', after it had ended' : ''}`)
    } catch (error) {
      // It may end at any moment, and then the command says so.
      if (!(error instanceof StudyNotRunning || error instanceof StudyNotExtendable)) throw error
      console.log(`  ${error.message}`)
    }
  }
}
