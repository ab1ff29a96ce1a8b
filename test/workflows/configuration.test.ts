import { retryPolicy, type AggregateInput, type FulfilInput } from '@gauntlet/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cell, perturbations } from './cells.fixture.ts'
import { FakeWork, type Try } from './fake-work.fixture.ts'
import { openStage, runConfiguration, type Stage } from './stage-play.fixture.ts'

let stage: Stage
beforeAll(async () => void (stage = await openStage()), 120_000)
afterAll(() => stage.close())

/** Plays one configuration whose tries fail as told. */
async function playConfiguration(
  faultOf: FakeWork['faultOf'] = () => undefined,
  change: (work: FakeWork) => void = () => undefined,
) {
  const work = new FakeWork([])
  work.faultOf = faultOf
  change(work)
  const result = await stage.play(work, (client) => runConfiguration(client, cell(7)))
  return { work, result }
}

/** Fails fine-tuning in this order, then lets it succeed. */
const fineTuneFailing =
  (...types: string[]) =>
  ({ stage, attempt }: Try) =>
    stage === 'fine-tune' && attempt <= types.length ? { type: types[attempt - 1]! } : undefined

const alwaysFailing = (type: string) => (tried: Try) => (tried.stage === 'fine-tune' ? { type } : undefined)

/** What the ledger was told of failed attempts: number and class. */
const recorded = (work: FakeWork) => work.failedAttempts.map(({ attempt, failureClass }) => [attempt, failureClass])

describe.concurrent('a configuration', () => {
  // First, because it waits for a heartbeat time-out while the others run.
  it('takes a worker that stops answering for lost, keeps what it said last, and tries again', async () => {
    const { work, result } = await playConfiguration(({ stage, attempt }) =>
      stage === 'fine-tune' && attempt === 1 ? 'silence' : undefined,
    )
    expect(result.outcome).toBe('measured')
    expect(work.failedAttempts).toMatchObject([
      { attempt: 1, failureClass: 'WorkerLost', evidence: { worker: 'fake worker', device: 'none' } },
    ])
  })

  it('runs every stage once and measures every perturbation', async () => {
    const { work, result } = await playConfiguration()
    expect(result.outcome).toBe('measured')
    expect(result.measurements.map(({ perturbation }) => perturbation)).toEqual(perturbations)
    expect(work.tries.map(({ stage }) => stage).sort()).toEqual(
      [
        'prepare-dataset',
        'pretrain-load',
        'fine-tune',
        'checkpoint',
        ...perturbations.map(() => 'perturb-and-evaluate'),
      ].sort(),
    )
    expect([work.failedAttempts, work.missingCells]).toEqual([[], []])
  })

  it('never runs a stage that is fulfilled', async () => {
    const { work } = await playConfiguration()
    const again = new FakeWork([])
    for (const [key, outputs] of work.fulfilled) again.fulfilled.set(key, outputs)
    const result = await stage.play(again, (client) => runConfiguration(client, cell(7)))
    expect(result.measurements.length).toBe(perturbations.length)
    expect(again.tries).toEqual([])
  })

  it('never retries invalid input, and says why its cells are missing', async () => {
    const { work, result } = await playConfiguration(alwaysFailing('InvalidInput'))
    expect(result.outcome).toBe('failed')
    expect(work.triesOf('fine-tune').length).toBe(1)
    expect(recorded(work)).toEqual([[1, 'InvalidInput']])
    expect(work.missingCells).toMatchObject([
      { stage: 'fine-tune', failureClass: 'InvalidInput', message: /made to fail/ },
    ])
    expect(work.triesOf('checkpoint')).toEqual([])
  })

  it('ends as diverged, after one try, when training diverges', async () => {
    const { work, result } = await playConfiguration(alwaysFailing('Diverged'))
    expect(result.outcome).toBe('diverged')
    expect(recorded(work)).toEqual([[1, 'Diverged']])
  })

  it('tries a bug twice more, records every attempt and takes an unknown error for one', async () => {
    const { work, result } = await playConfiguration(alwaysFailing('SomethingNobodyDeclared'))
    expect(result.outcome).toBe('failed')
    expect(recorded(work)).toEqual([
      [1, 'Bug'],
      [2, 'Bug'],
      [3, 'Bug'],
    ])
  })

  it('halves the micro-batch whenever memory runs out and gives up at one image', async () => {
    const { work, result } = await playConfiguration(alwaysFailing('OutOfMemory'))
    expect(result.outcome).toBe('failed')
    expect(work.triesOf('fine-tune').map(({ microBatch }) => microBatch)).toEqual([undefined, 16, 8, 4, 2, 1])
    expect(work.failedAttempts.length).toBe(6)
  })

  it('goes on with the smaller micro-batch that fits, under the same key', async () => {
    const { work, result } = await playConfiguration(fineTuneFailing('OutOfMemory', 'Preempted'))
    expect(result.outcome).toBe('measured')
    expect(work.triesOf('fine-tune').map(({ microBatch }) => microBatch)).toEqual([undefined, 16, 16])
    expect(new Set(work.triesOf('fine-tune').map(({ stageKey }) => stageKey)).size).toBe(1)
  })

  it('gives preemptions, network trouble and bugs budgets of their own', async () => {
    const failures = ['Preempted', 'Bug', 'Preempted', 'Transient', 'Bug', 'Preempted']
    expect(failures.filter((failure) => failure === 'Preempted').length).toBeGreaterThan(retryPolicy.Bug.retries)
    const { work, result } = await playConfiguration(fineTuneFailing(...failures))
    expect(result.outcome).toBe('measured')
    expect(recorded(work)).toEqual(failures.map((failure, index) => [index + 1, failure]))
  })

  it('waits longer after each transient failure', async () => {
    const { work } = await playConfiguration(fineTuneFailing('Transient', 'Transient', 'Transient'))
    const at = work.triesOf('fine-tune').map((tried) => tried.at)
    const waits = at.slice(1).map((time, index) => time - at[index]!)
    expect(waits.length).toBe(3)
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThan(900 * 2 ** index)
  })

  it('makes every key anew when the workers have changed', async () => {
    const { work, result } = await playConfiguration(undefined, (work) => {
      work.faultOf = ({ stage }) => {
        if (stage === 'pretrain-load') work.code = 'second'
        return undefined
      }
    })
    expect(result).toMatchObject({ outcome: 'measured', failures: [] })
    expect(recorded(work)).toEqual([[1, 'WorkerChanged']])
    expect(new Set(work.triesOf('fine-tune').map(({ stageKey }) => stageKey)).size).toBe(2)
    expect(work.missingCells).toEqual([])
  })

  it('measures the other four when one perturbation fails', async () => {
    const { work, result } = await playConfiguration(({ perturbation }) =>
      perturbation === 'L1' ? { type: 'InvalidInput' } : undefined,
    )
    expect(result.outcome).toBe('measured')
    expect(result.measurements.map(({ perturbation }) => perturbation.name)).toEqual(['clean', 'Linf', 'L2', 'common'])
    expect(work.missingCells).toMatchObject([{ perturbation: perturbations[3], failureClass: 'InvalidInput' }])
  })

  it('loses one cell only when the outcomes of one perturbation cannot be counted', async () => {
    const { work, result } = await playConfiguration(undefined, (work) => {
      work.ledgerFaultOf = (activity, input) =>
        activity === 'aggregate' &&
        (input as AggregateInput).evaluated.some(({ perturbation }) => perturbation.name === 'L2')
          ? { type: 'ArtifactCorrupt' }
          : undefined
    })
    expect(result.measurements.length).toBe(4)
    expect(work.missingCells).toMatchObject([{ perturbation: { name: 'L2' }, stage: 'aggregate' }])
  })

  it('does not run a stage again because the ledger refuses its rows for good', async () => {
    const { work, result } = await playConfiguration(undefined, (work) => {
      work.ledgerFaultOf = (activity, input) =>
        activity === 'fulfil' && (input as FulfilInput).identity.stage === 'fine-tune'
          ? { type: 'LineageBroken' }
          : undefined
    })
    expect(result.outcome).toBe('failed')
    expect(work.triesOf('fine-tune').length).toBe(1)
    expect(work.missingCells).toMatchObject([{ stage: 'fine-tune', message: 'LineageBroken' }])
  })
})
