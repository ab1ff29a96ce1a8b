import { setTimeout as sleep } from 'node:timers/promises'
import { retryPolicy } from '@gauntlet/contract'
import { bundleWorkflows, runnableCode } from '@gauntlet/ledger-worker/versions/bundle-workflows'
import { Worker } from '@temporalio/worker'
import { afterAll, describe, expect, it } from 'vitest'
import { killTrees } from '../end-to-end/kill-trees.fixture.ts'
import { lastingFaults } from '../simulated/simulated-stages.ts'
import { simulatedStudy, type SimulatedStudy } from '../simulated/simulated-study.ts'
import { SimulatedHome } from '../simulated/simulated-home.ts'
import type { Simulation } from '../simulated/simulation.ts'
import { seededDice } from './seeded-dice.ts'
import { attemptsIn, rowsOf, summed } from './simulated-rows.ts'

/*
 * Studies of 100 configurations with simulated stages and failures of every class, whose parts are killed again and
 * again: each must end with exactly the rows of an undisturbed run, and every history must replay. `SOAK_KILLS` says
 * how often (200), `SOAK_SEED` in which order.
 */

const hour = 3_600_000
const kills = Number(process.env.SOAK_KILLS ?? 200)
const dice = seededDice(Number(process.env.SOAK_SEED ?? 1))
const size = 100
const simulation: Simulation = {
  pool: 'default',
  devices: 8,
  images: 20,
  distinct: true,
  faulty: true,
  seconds: { 'prepare-dataset': 1, 'pretrain-load': 1, 'fine-tune': 4, checkpoint: 0.5, 'perturb-and-evaluate': 1.5 },
}
const homes = {
  killed: new SimulatedHome(simulation, 2),
  undisturbed: new SimulatedHome({ ...simulation, seconds: {} }, 1),
}
afterAll(async () => {
  for (const home of Object.values(homes)) await home.remove()
}, 300_000)

/** Runs a study to its end, however often the server goes away; `disturb` is called while it runs. */
async function runToEnd(home: SimulatedHome, study: SimulatedStudy, disturb: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      const isOver = await home.withClient(async (client) => {
        const handle = await home.startStudy(client, study, { window: 30 })
        for (;;) {
          const { status } = await handle.describe()
          if (status.name !== 'RUNNING') return status.name === 'COMPLETED'
          await disturb()
          await home.everything()
        }
      })
      if (isOver) return
    } catch (error) {
      console.log(`  once more: ${String(error).split('\n')[0]}`)
      await sleep(1_000)
    }
  }
}

/** The workflows of a home whose histories do not replay, and why. */
async function unreplayed(home: SimulatedHome): Promise<string[]> {
  const workflowBundle = { code: runnableCode(await bundleWorkflows()) }
  return home.withClient(async (client) => {
    const found: string[] = []
    const histories = client.workflow.list().intoHistories()
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
      if (error) found.push(`${workflowId}: ${error.message}`)
    return found
  })
}

describe('studies whose parts are killed at random', () => {
  it(
    'end with exactly the rows of an undisturbed run, every attempt recorded and retries within their budgets',
    async () => {
      const killed: Record<string, number> = {}
      const total = () => Object.values(killed).reduce((sum, count) => sum + count, 0)
      const disturb = async () => {
        await sleep(500 + dice(2_500))
        if (total() >= kills) return
        const pids = homes.killed.pids()
        const everything = dice(25) === 0
        const names = everything ? [...pids.keys()] : [[...pids.keys()][dice(pids.size)]!]
        killTrees(names.flatMap((name) => pids.get(name) ?? []))
        const part = everything ? 'everything' : names[0]!
        killed[part] = (killed[part] ?? 0) + 1
      }
      const studies: SimulatedStudy[] = []
      while (studies.length === 0 || total() < kills) {
        const study = simulatedStudy(size, 1_000 * (studies.length + 1))
        studies.push(study)
        const begunAt = Date.now()
        await runToEnd(homes.killed, study, disturb)
        console.log(
          `study ${studies.length} ended after ${Math.round((Date.now() - begunAt) / 1_000)} s, ${total()} kills`,
        )
        await runToEnd(homes.undisturbed, study, () => sleep(300))
        const [disturbed, undisturbed] = [await rowsOf(homes.killed, study), await rowsOf(homes.undisturbed, study)]
        expect(disturbed).toEqual(undisturbed)
        expect(disturbed.numbers.length).toBe(5 * (size - Object.keys(lastingFaults).length))
        expect(new Set(disturbed.missing.map(({ failure_class: each }) => each))).toEqual(
          new Set(Object.values(lastingFaults).map(({ failureClass }) => failureClass)),
        )
      }
      expect(await unreplayed(homes.killed)).toEqual([])
      const attempts = await attemptsIn(homes.killed)
      expect(attempts.filter(({ outcome }) => outcome === 'running')).toEqual([])
      for (const { stage_key: key, run_id: run, failure_class: failureClass, count } of attempts)
        if (failureClass) expect(count, `${key} in ${run}`).toBeLessThanOrEqual(retryPolicy[failureClass].retries + 1)
      console.log('kills', killed)
      console.log('attempts', summed(attempts))
    },
    3 * hour,
  )
})
