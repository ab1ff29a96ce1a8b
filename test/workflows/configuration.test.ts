import { retryPolicy, type AggregateInput, type FulfilInput } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cell, perturbations } from './cells.fixture.ts'
import { FakeWork, type GpuCall } from './fake-work.fixture.ts'
import { openHarness, runConfigurationWorkflow, type WorkflowHarness } from './workflow-harness.fixture.ts'

let harness: WorkflowHarness
beforeAll(async () => void (harness = await openHarness()), 120_000)
afterAll(() => harness.close())

/** Runs one configuration whose calls fail as `faultOf` says. */
async function runConfiguration(
  faultOf: FakeWork['faultOf'] = () => undefined,
  change: (work: FakeWork) => void = () => undefined,
) {
  const work = new FakeWork([])
  work.faultOf = faultOf
  change(work)
  const result = await harness.run(work, (client) => runConfigurationWorkflow(client, cell(7)))
  return { work, result }
}

/** Fails the calls of fine-tuning in this order, then lets them succeed. */
function fineTuneFailing(...types: string[]) {
  const left = [...types]
  return ({ stage }: GpuCall) => {
    const type = stage === 'fine-tune' ? left.shift() : undefined
    return type ? { type } : undefined
  }
}

const alwaysFailing = (type: string) => (call: GpuCall) => (call.stage === 'fine-tune' ? { type } : undefined)

/** The failed attempts that the ledger recorded: number and class. */
const recorded = (work: FakeWork) => work.failedAttempts.map(({ attempt, failureClass }) => [attempt, failureClass])

describe.concurrent('a configuration', () => {
  // First, because it waits for a heartbeat time-out while the others run.
  it('counts a worker that stops answering as lost, records its last heartbeat, and attempts the stage again', async () => {
    const { work, result } = await runConfiguration(({ stage, attempt }) =>
      stage === 'fine-tune' && attempt === 1 ? 'heartbeat-timeout' : undefined,
    )
    expect(result.outcome).toBe('measured')
    expect(work.failedAttempts).toMatchObject([
      { attempt: 1, failureClass: 'WorkerLost', evidence: { worker: 'fake worker', device: 'none' } },
    ])
  })

  it('evaluates a checkpoint as it is without fine-tuning, and keeps its head', async () => {
    const work = new FakeWork([])
    const protocol = { id: 'none', trains: 'nothing', epochs: 0 } as const
    const given = { ...cell(7), loss: 'none', protocol } as const
    const result = await harness.run(work, (client) => runConfigurationWorkflow(client, given))
    expect(result.outcome).toBe('measured')
    expect(work.callsOf('fine-tune')).toEqual([])
    expect(work.calls).toHaveLength(3 + perturbations.length)
    const [loaded] = work.callsOf('pretrain-load')
    const trained = await runConfiguration()
    expect(trained.work.callsOf('pretrain-load')[0]!.stageKey).not.toBe(loaded!.stageKey)
  })

  it('runs every stage once and measures every perturbation', async () => {
    const { work, result } = await runConfiguration()
    expect(result.outcome).toBe('measured')
    expect(result.measurements.map(({ perturbation }) => perturbation)).toEqual(perturbations)
    expect(work.calls.map(({ stage }) => stage).sort()).toEqual(
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
    const { work } = await runConfiguration()
    const again = new FakeWork([])
    for (const [key, outputs] of work.fulfilled) again.fulfilled.set(key, outputs)
    const result = await harness.run(again, (client) => runConfigurationWorkflow(client, cell(7)))
    expect(result.measurements.length).toBe(perturbations.length)
    expect(again.calls).toEqual([])
  })

  it('never retries invalid input, and records why its cells are missing', async () => {
    const { work, result } = await runConfiguration(alwaysFailing('InvalidInput'))
    expect(result.outcome).toBe('failed')
    expect(work.callsOf('fine-tune').length).toBe(1)
    expect(recorded(work)).toEqual([[1, 'InvalidInput']])
    expect(work.missingCells).toMatchObject([
      { stage: 'fine-tune', failureClass: 'InvalidInput', message: /made to fail/ },
    ])
    expect(work.callsOf('checkpoint')).toEqual([])
  })

  it('ends as diverged, after one try, when training diverges', async () => {
    const { work, result } = await runConfiguration(alwaysFailing('Diverged'))
    expect(result.outcome).toBe('diverged')
    expect(recorded(work)).toEqual([[1, 'Diverged']])
  })

  it('recalls that training diverged, and does not train again', async () => {
    const { work } = await runConfiguration(alwaysFailing('Diverged'))
    const { work: again, result } = await runConfiguration(undefined, (fake) => {
      for (const [key, outputs] of work.fulfilled) fake.fulfilled.set(key, outputs)
      for (const key of work.diverged) fake.diverged.add(key)
    })
    expect(result).toMatchObject({ outcome: 'diverged', failures: [{ message: 'It diverged before.' }] })
    expect(again.calls).toEqual([])
  })

  it('makes an artifact again that a later stage cannot read, and goes on from there', async () => {
    const lose = (work: FakeWork) => {
      let lost: Digest | undefined
      work.faultOf = ({ stage }) => {
        if (stage !== 'checkpoint' || lost) return undefined
        const [key, outputs] = [...work.fulfilled].find(([, each]) => each['trained'])!
        lost = outputs['trained']!.digest
        work.fulfilled.delete(key) // as the ledger's worker does, which finds the file to be damaged
        return { type: 'ArtifactLost', lostArtifact: lost }
      }
      return () => lost
    }
    let lost: () => Digest | undefined = () => undefined
    const { work, result } = await runConfiguration(undefined, (fake) => void (lost = lose(fake)))
    expect(result).toMatchObject({ outcome: 'measured', failures: [] })
    expect(work.callsOf('fine-tune').map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(work.callsOf('checkpoint').map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(work.distrusted).toEqual(new Set([lost()]))
    expect([work.callsOf('pretrain-load').length, work.missingCells]).toEqual([1, []])
  })

  it('makes a checkpoint again that one of its evaluations cannot read, and lacks no cell for that', async () => {
    let isLost = false
    const { work, result } = await runConfiguration(undefined, (fake) => {
      fake.faultOf = ({ perturbation }) => {
        if (perturbation !== 'L1' || isLost) return undefined
        isLost = true
        const [key, outputs] = [...fake.fulfilled].find(([, each]) => each['checkpoint'])!
        fake.fulfilled.delete(key)
        return { type: 'ArtifactLost', lostArtifact: outputs['checkpoint']!.digest }
      }
    })
    expect(result).toMatchObject({ outcome: 'measured', failures: [] })
    expect(result.measurements).toHaveLength(perturbations.length)
    expect([work.callsOf('checkpoint').length, work.missingCells]).toEqual([2, []])
  })

  it('ends where the store loses what it is given again and again', async () => {
    const { result, work } = await runConfiguration(({ stage, stageKey }) =>
      stage === 'checkpoint' ? { type: 'ArtifactLost', lostArtifact: stageKey } : undefined,
    )
    expect(result).toMatchObject({ outcome: 'failed', failures: [{ failureClass: 'ArtifactLost' }] })
    expect(work.callsOf('checkpoint').length).toBe(6)
  })

  it.each(['beginStage', 'fulfil', 'aggregate'] as const)('ends, with a reason, whatever %s throws', async (name) => {
    for (const type of ['InvalidInput', 'Bug', 'ArtifactLost', 'WorkerLost'] as const) {
      const { result } = await runConfiguration(undefined, (work) => {
        work.ledgerFaultOf = (activity) => (activity === name ? { type } : undefined)
      })
      expect(result.outcome).toBe('failed')
      expect(new Set(result.failures.map(({ failureClass }) => failureClass))).toEqual(new Set([type]))
    }
  })

  it('asks a ledger that is away again, until it answers', async () => {
    let failures = 3
    const { result } = await runConfiguration(undefined, (work) => {
      work.ledgerFaultOf = (activity) => (activity === 'fulfil' && failures-- > 0 ? { type: 'Transient' } : undefined)
    })
    expect(result.outcome).toBe('measured')
  })

  it('retries a bug twice, records every attempt and counts an unknown error as a bug', async () => {
    const { work, result } = await runConfiguration(alwaysFailing('SomethingNobodyDeclared'))
    expect(result.outcome).toBe('failed')
    expect(recorded(work)).toEqual([
      [1, 'Bug'],
      [2, 'Bug'],
      [3, 'Bug'],
    ])
  })

  it('goes on with half the micro-batch under another key whenever memory runs out, and gives up at one image', async () => {
    const { work, result } = await runConfiguration(alwaysFailing('OutOfMemory'))
    expect(result.outcome).toBe('failed')
    expect(work.callsOf('fine-tune').map(({ microBatch }) => microBatch)).toEqual([32, 16, 8, 4, 2, 1])
    expect(new Set(work.callsOf('fine-tune').map(({ stageKey }) => stageKey)).size).toBe(6)
    expect(work.failedAttempts.length).toBe(6)
    expect(result.failures).toMatchObject([{ failureClass: 'OutOfMemory', message: /^Not even one image/ }])
  })

  it('keeps the micro-batch that fits when other failures follow', async () => {
    const { work, result } = await runConfiguration(fineTuneFailing('OutOfMemory', 'Preempted'))
    expect(result.outcome).toBe('measured')
    expect(work.callsOf('fine-tune').map(({ microBatch }) => microBatch)).toEqual([32, 16, 16])
    expect(new Set(work.callsOf('fine-tune').map(({ stageKey }) => stageKey)).size).toBe(2)
  })

  it('begins with the micro-batch that is known to fit', async () => {
    const { work } = await runConfiguration(undefined, (fake) => void (fake.ranOutAt = 16))
    expect(work.callsOf('fine-tune').map(({ microBatch }) => microBatch)).toEqual([8])
  })

  it('ends rather than shrink the micro-batch where batch norms depend on it', async () => {
    const work = new FakeWork([])
    work.faultOf = alwaysFailing('OutOfMemory')
    const configuration = cell(8)
    const hyperparameters = { ...configuration.hyperparameters, microBatchMayShrink: false }
    const result = await harness.run(work, (client) =>
      runConfigurationWorkflow(client, { ...configuration, hyperparameters }),
    )
    expect(work.callsOf('fine-tune').map(({ microBatch }) => microBatch)).toEqual([32])
    expect(result.failures).toMatchObject([{ failureClass: 'OutOfMemory', message: /set microBatch to at most 16/ }])
  })

  it('has separate budgets for preemptions, network failures and bugs', async () => {
    const failures = ['Preempted', 'Bug', 'Preempted', 'Transient', 'Bug', 'Preempted']
    expect(failures.filter((failure) => failure === 'Preempted').length).toBeGreaterThan(retryPolicy.Bug.retries)
    const { work, result } = await runConfiguration(fineTuneFailing(...failures))
    expect(result.outcome).toBe('measured')
    expect(recorded(work)).toEqual(failures.map((failure, index) => [index + 1, failure]))
  })

  it('waits longer after each transient failure', async () => {
    const { work } = await runConfiguration(fineTuneFailing('Transient', 'Transient', 'Transient'))
    const at = work.callsOf('fine-tune').map((call) => call.at)
    const waits = at.slice(1).map((time, index) => time - at[index]!)
    expect(waits.length).toBe(3)
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThan(900 * 2 ** index)
  })

  it('makes every key again when the workers have changed', async () => {
    const { work, result } = await runConfiguration(undefined, (work) => {
      work.faultOf = ({ stage }) => {
        if (stage === 'pretrain-load') work.code = 'second'
        return undefined
      }
    })
    expect(result).toMatchObject({ outcome: 'measured', failures: [] })
    expect(recorded(work)).toEqual([[1, 'WorkerChanged']])
    expect(new Set(work.callsOf('fine-tune').map(({ stageKey }) => stageKey)).size).toBe(2)
    expect(work.missingCells).toEqual([])
  })

  it('measures the other four when one perturbation fails', async () => {
    const { work, result } = await runConfiguration(({ perturbation }) =>
      perturbation === 'L1' ? { type: 'InvalidInput' } : undefined,
    )
    expect(result.outcome).toBe('measured')
    expect(result.measurements.map(({ perturbation }) => perturbation.name)).toEqual(['clean', 'Linf', 'L2', 'common'])
    expect(work.missingCells).toMatchObject([{ perturbation: perturbations[3], failureClass: 'InvalidInput' }])
  })

  it('lacks one cell only when the outcomes of one perturbation cannot be counted', async () => {
    const { work, result } = await runConfiguration(undefined, (work) => {
      work.ledgerFaultOf = (activity, input) =>
        activity === 'aggregate' &&
        (input as AggregateInput).evaluated.some(({ perturbation }) => perturbation.name === 'L2')
          ? { type: 'InvalidInput' }
          : undefined
    })
    expect(result.measurements.length).toBe(4)
    expect(work.missingCells).toMatchObject([{ perturbation: { name: 'L2' }, stage: 'aggregate' }])
  })

  it('does not run a stage again when the ledger refuses its rows for good', async () => {
    const { work, result } = await runConfiguration(undefined, (work) => {
      work.ledgerFaultOf = (activity, input) =>
        activity === 'fulfil' && (input as FulfilInput).identity.stage === 'fine-tune'
          ? { type: 'Bug', message: 'LineageBroken' }
          : undefined
    })
    expect(result.outcome).toBe('failed')
    expect(work.callsOf('fine-tune').length).toBe(1)
    expect(work.missingCells).toMatchObject([{ stage: 'fine-tune', message: 'LineageBroken' }])
  })
})
