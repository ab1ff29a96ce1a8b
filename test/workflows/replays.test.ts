import { bundleWorkflows, runnableCode } from '@gauntlet/ledger-worker/versions/bundle-workflows'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { counts, openHarness, runStudyWorkflow, type WorkflowHarness } from './workflow-harness.fixture.ts'

/*
 * What ran must replay, or a worker that is started again cannot go on with it: every history of a study whose stages
 * fail and are tried again, while the ledger answers for several of them in one workflow task.
 */

let harness: WorkflowHarness
beforeAll(async () => void (harness = await openHarness()), 120_000)
afterAll(() => harness.close())

it('replays every history, in whatever order the ledger has answered', async () => {
  const work = new FakeWork(cells(12))
  let calls = 0
  work.ledgerDuration = () => 5 * ((calls += 1) % 7)
  work.duration = () => 20 * (calls % 5)
  work.faultOf = ({ stage, attempt, perturbation }) =>
    stage === 'perturb-and-evaluate' && attempt === 1 && perturbation !== 'clean' ? { type: 'Transient' } : undefined
  const workflowBundle = { code: runnableCode(await bundleWorkflows()) }
  const replayed = await harness.run(work, async (client) => {
    expect(await runStudyWorkflow(client, { window: 6 })).toEqual(counts({ measured: 12 }))
    const errors: Record<string, Error | undefined> = {}
    const histories = client.workflow.list().intoHistories()
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
      errors[workflowId] = error
    return errors
  })
  expect(Object.keys(replayed).length).toBeGreaterThan(12)
  expect(Object.values(replayed).filter(Boolean)).toEqual([])
})
