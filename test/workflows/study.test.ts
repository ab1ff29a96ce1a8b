import {
  circuitBreakerThreshold,
  configurationWorkflowId,
  progressQuery,
  type FulfilInput,
  type StudyProgress,
} from '@gauntlet/contract'
import { configurationId, type Configuration } from '@gauntlet/study'
import { WorkflowFailedError } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import {
  counts,
  openHarness,
  runStudyWorkflow,
  startStudyWorkflow,
  until,
  type WorkflowHarness,
} from './workflow-harness.fixture.ts'

let harness: WorkflowHarness
beforeAll(async () => void (harness = await openHarness()), 120_000)
afterAll(() => harness.close())

const idOf = (configuration: Configuration) => configurationId(configuration)

/** Every key that was run more than once. */
function repeatedKeys(work: FakeWork): string[] {
  const keys = work.calls.map(({ stageKey }) => stageKey)
  return keys.filter((key, index) => keys.indexOf(key) !== index)
}

describe.concurrent('a study', () => {
  it('goes on with the other configurations when some fail or diverge, and records both', async () => {
    const work = new FakeWork(cells(4))
    work.faultOf = ({ stage, seed }) => {
      if (stage !== 'fine-tune') return undefined
      return seed === 1 ? { type: 'InvalidInput' } : seed === 3 ? { type: 'Diverged' } : undefined
    }
    const ended = await harness.run(work, (client) => runStudyWorkflow(client))
    expect(ended).toEqual(counts({ measured: 2, failed: 1, diverged: 1 }))
    const named = work.missingCells.map(({ configurationId }) => configurationId).sort()
    expect(named).toEqual([cell(1), cell(3)].map(idOf).sort())
  })

  it('prepares a dataset and loads a backbone once, however many configurations share them', async () => {
    const work = new FakeWork([...cells(3, 'backbone-a'), ...cells(2, 'backbone-b')])
    work.duration = ({ stage }) => (stage === 'prepare-dataset' || stage === 'pretrain-load' ? 200 : 0)
    const ended = await harness.run(work, (client) => runStudyWorkflow(client, { window: 5 }))
    expect(ended).toEqual(counts({ measured: 5 }))
    expect([work.callsOf('prepare-dataset').length, work.callsOf('pretrain-load').length]).toEqual([1, 2])
    expect(repeatedKeys(work)).toEqual([])
  })

  it('never has more configurations in flight than its window allows', async () => {
    const work = new FakeWork(cells(7))
    work.duration = ({ seed }) => 20 * seed
    const ended = await harness.run(work, (client) => runStudyWorkflow(client, { window: 2 }))
    expect(ended).toEqual(counts({ measured: 7 }))
    expect(work.mostInFlight).toBe(2)
  })

  it('asks the server for the start of ten configurations at once, however many may be in flight', async () => {
    const work = new FakeWork(cells(24))
    work.duration = ({ stage }) => (stage === 'fine-tune' ? 2_000 : 0)
    const events = await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 24 })
      expect(await handle.result()).toEqual(counts({ measured: 24 }))
      return (await handle.fetchHistory()).events ?? []
    })
    let unanswered = 0
    const asked = events.map((event) => {
      if (event.startChildWorkflowExecutionInitiatedEventAttributes) unanswered += 1
      if (event.childWorkflowExecutionStartedEventAttributes) unanswered -= 1
      return unanswered
    })
    expect(Math.max(...asked)).toBe(10)
    expect(work.mostInFlight).toBeGreaterThan(10)
  })

  it('ends when the ledger refuses the rows of a shared stage for good, and records every configuration as failed', async () => {
    const work = new FakeWork(cells(2))
    work.ledgerFaultOf = (activity, input) =>
      activity === 'fulfil' && (input as FulfilInput).identity.stage === 'prepare-dataset'
        ? { type: 'Bug', message: 'LineageBroken' }
        : undefined
    const ended = await harness.run(work, (client) => runStudyWorkflow(client))
    expect(ended).toEqual(counts({ failed: 2 }))
    expect(work.missingCells).toMatchObject([{ stage: 'prepare-dataset' }, { stage: 'prepare-dataset' }])
  })

  it('stops trying a backbone after the same bug in several configurations, and measures the others', async () => {
    const broken = Array.from({ length: 6 }, (_, index) => cell(100 + index, 'backbone-b'))
    const work = new FakeWork([...broken, ...cells(2)])
    work.faultOf = ({ stage, seed }) =>
      stage === 'checkpoint' && seed >= 100 ? { type: 'Bug', message: `No kernel for seed ${seed}` } : undefined
    const ended = await harness.run(work, (client) => runStudyWorkflow(client, { window: 1 }))
    expect(ended).toEqual(counts({ measured: 2, failed: circuitBreakerThreshold, skipped: 3 }))
    expect(new Set(work.callsOf('checkpoint').map(({ seed }) => seed)).size).toBe(circuitBreakerThreshold + 2)
    const skipped = work.missingCells.filter(({ failureClass }) => failureClass === 'CircuitOpen')
    expect(skipped.map(({ configurationId }) => configurationId).sort()).toEqual(broken.slice(3).map(idOf).sort())
    expect(skipped[0]).toMatchObject({ stage: 'checkpoint', message: /No kernel for seed #.*run the study again/ })
  })

  it('tries those again that it skipped for a bug, once the code of the workers has changed', async () => {
    const broken = Array.from({ length: 9 }, (_, index) => cell(100 + index, 'backbone-b'))
    const work = new FakeWork([cell(1), ...broken])
    work.faultOf = ({ stage, seed }) => {
      if (work.code !== 'first') return undefined
      if (seed === 1) return stage === 'fine-tune' ? { type: 'Preempted' } : undefined // it lasts until then
      return stage === 'checkpoint' && seed >= 100 ? { type: 'Bug' } : undefined
    }
    const ended = await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: circuitBreakerThreshold + 1 })
      await until(async () => (await handle.query<StudyProgress>(progressQuery)).ended.skipped > 0)
      work.code = 'second'
      return handle.result()
    })
    expect(ended.failed).toBeGreaterThanOrEqual(circuitBreakerThreshold)
    expect(ended).toEqual(counts({ measured: 10 - ended.failed, failed: ended.failed }))
    expect(ended.measured).toBeGreaterThan(3)
  })

  it('runs the stages of a configuration once when two studies have it at the same time', async () => {
    const work = new FakeWork(cells(2))
    work.duration = () => 100
    const both = await harness.run(work, (client) =>
      Promise.all([runStudyWorkflow(client, { name: 'first' }), runStudyWorkflow(client, { name: 'second' })]),
    )
    expect(both).toEqual([counts({ measured: 2 }), counts({ measured: 2 })])
    const ofConfigurations = work.calls.filter(({ stage }) => stage !== 'prepare-dataset' && stage !== 'pretrain-load')
    expect(new Set(ofConfigurations.map(({ stageKey }) => stageKey)).size).toBe(ofConfigurations.length)
  })

  it('ends as cancelled, with its configurations, when it is cancelled', async () => {
    const work = new FakeWork(cells(4))
    work.duration = ({ stage }) => (stage === 'fine-tune' ? 3_000 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2 })
      await until(() => work.callsOf('fine-tune').length === 2)
      await handle.cancel()
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError)
      expect((await handle.describe()).status.name).toBe('CANCELLED')
      const child = await client.workflow.getHandle(configurationWorkflowId(idOf(cell(1)))).describe()
      expect(child.status.name).toBe('CANCELLED')
    })
    expect(work.missingCells).toEqual([])
    expect(work.cancelled.map(({ stage }) => stage)).toEqual(['fine-tune', 'fine-tune'])
  })

  it('counts a configuration that was terminated from outside as failed, and goes on', async () => {
    const work = new FakeWork(cells(3))
    work.duration = ({ stage, seed }) => (stage === 'fine-tune' && seed === 2 ? 3_000 : 0)
    const ended = await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client)
      await until(() => work.callsOf('fine-tune', 2).length === 1)
      await client.workflow.getHandle(configurationWorkflowId(idOf(cell(2)))).terminate()
      return handle.result()
    })
    expect(ended).toEqual(counts({ measured: 2, failed: 1 }))
    expect(work.missingCells).toMatchObject([{ configurationId: idOf(cell(2)), failureClass: 'Cancelled' }])
  })

  it('passes over configurations whose every number is known', async () => {
    const work = new FakeWork(cells(5))
    for (const configuration of [work.configurations[0]!, work.configurations[3]!]) work.known.add(configuration)
    const ended = await harness.run(work, (client) => runStudyWorkflow(client, { window: 2 }))
    expect(ended).toEqual(counts({ measured: 5 }))
    expect(
      work
        .callsOf('fine-tune')
        .map(({ seed }) => seed)
        .sort(),
    ).toEqual([2, 3, 5])
  })

  it('answers how far it is while it runs', async () => {
    const work = new FakeWork(cells(3))
    work.duration = ({ stage }) => (stage === 'fine-tune' ? 500 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2 })
      await until(() => work.callsOf('fine-tune').length === 2)
      const progress = await handle.query<StudyProgress>(progressQuery)
      expect(progress).toMatchObject({ total: 3, ended: counts({}) })
      expect(progress.running).toEqual([cell(1), cell(2)].map((cell) => configurationWorkflowId(idOf(cell))))
      await handle.result()
    })
  })

  it('ends as failed with the reason when its file cannot be read as a study', async () => {
    const work = new FakeWork(cells(1))
    work.ledgerFaultOf = (activity) => (activity === 'recordStudy' ? { type: 'InvalidInput' } : undefined)
    await harness.run(work, async (client) => {
      await expect(runStudyWorkflow(client)).rejects.toThrow(WorkflowFailedError)
    })
    expect(work.calls).toEqual([])
  })
})
