import { digestOf } from '@gauntlet/study'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cells } from './cells.fixture.ts'
import { FakeWork, type GpuCall } from './fake-work.fixture.ts'
import { counts, openHarness, runStudyWorkflow, until, type WorkflowHarness } from './workflow-harness.fixture.ts'

let harness: WorkflowHarness
beforeAll(async () => void (harness = await openHarness()), 120_000)
afterAll(() => harness.close())

const declared = { pools: ['a', 'b'], fetch: 'fetch' }
const environmentOf = (name: string) => ({
  environment: { engine: name },
  environmentClass: digestOf({ engine: name }),
})

/** Four configurations with seeds from 1, of which the first two were placed in `a`. */
function workInTwoPools(): FakeWork {
  const work = new FakeWork(cells(4))
  work.pools = ['a', 'b', 'fetch']
  work.placeOf = (index) => (index < 2 ? 'a' : 'b')
  return work
}

/** The pools of these calls, each once. */
function poolsOf(calls: readonly GpuCall[]): string[] {
  return [...new Set(calls.map(({ pool }) => pool))].sort()
}

describe.concurrent('a study on declared pools', () => {
  it('runs every stage of a configuration in its pool, under keys of that pool', async () => {
    const work = workInTwoPools()
    expect(await harness.run(work, (client) => runStudyWorkflow(client, { declared }))).toEqual(counts({ measured: 4 }))
    for (const [seed, pool] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
      [4, 'b'],
    ] as const) {
      // prettier-ignore
      const calls = work.calls.filter((call) => call.seed === seed)
      expect(poolsOf(calls)).toEqual([pool])
      expect(new Set(calls.map(({ environmentClass }) => environmentClass))).toEqual(
        new Set([environmentOf(`that of ${pool}`).environmentClass]),
      )
    }
    expect(work.callsOf('perturb-and-evaluate')).toHaveLength(4 * 5)
  })

  it('fetches in the pool that has a network, once for all', async () => {
    const work = workInTwoPools()
    await harness.run(work, (client) => runStudyWorkflow(client, { declared }))
    const fetched = work.calls.filter(({ stage }) => stage === 'prepare-dataset' || stage === 'pretrain-load')
    expect(fetched).toHaveLength(2)
    expect(poolsOf(fetched)).toEqual(['fetch'])
  })

  it('numbers attempts at a stage that pools share through, so that each is one row of the ledger', async () => {
    const work = new FakeWork(cells(2))
    work.pools = ['a', 'b', 'fetch']
    work.placeOf = (index) => (index === 0 ? 'a' : 'b')
    const activities = work.ledgerActivities()
    // The configuration in b is looked for once the one in a has begun, for which the stage failed.
    work.ledgerActivities = () => ({
      ...activities,
      openConfigurations: async (input) => {
        if (input.offset > 0) await until(() => work.callsOf('prepare-dataset').length === 2)
        return activities.openConfigurations({ ...input, limit: 1 })
      },
    })
    work.faultOf = ({ stage }) =>
      stage === 'prepare-dataset' && work.callsOf(stage).length === 1 ? { type: 'WorkerChanged' } : undefined
    work.duration = ({ stage }) => (stage === 'prepare-dataset' && work.callsOf(stage).length === 2 ? 2_000 : 0)
    expect(await harness.run(work, (client) => runStudyWorkflow(client, { declared }))).toEqual(counts({ measured: 2 }))
    // By the study for a, by the configuration itself, and by the study for b.
    expect(work.callsOf('prepare-dataset').map(({ attempt }) => attempt)).toEqual([1, 1, 2])
  })

  it('holds a pool to the environment of its first worker, whoever answers later', async () => {
    const work = workInTwoPools()
    work.held.set('a', environmentOf('the first'))
    await harness.run(work, (client) => runStudyWorkflow(client, { declared }))
    expect(work.callsOf('fine-tune', 1)[0]!.environmentClass).toBe(environmentOf('the first').environmentClass)
    expect([...work.held.keys()].sort()).toEqual(['a', 'b'])
  })

  it('begins on a pool that has no worker now, if it had one before', async () => {
    const work = workInTwoPools()
    work.pools = ['a', 'fetch']
    work.placeOf = () => 'a'
    work.held.set('b', environmentOf('that of b'))
    expect(await harness.run(work, (client) => runStudyWorkflow(client, { declared }))).toEqual(counts({ measured: 4 }))
  })
})
