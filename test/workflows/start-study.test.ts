import { configurationWorkflowId, studyWorkflowId } from '@gauntlet/contract'
import { startStudy } from '@gauntlet/client'
import { configurationId, digestOf } from '@gauntlet/study'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { openHarness, type WorkflowHarness } from './workflow-harness.fixture.ts'

let harness: WorkflowHarness
beforeAll(async () => void (harness = await openHarness()), 120_000)
afterAll(() => harness.close())

const studyId = digestOf('study')
const start = {
  studyId,
  file: { digest: digestOf('study file'), size: 1, mediaType: 'application/yaml' },
  pool: 'pool',
}

it('joins a study that runs', async () => {
  const work = new FakeWork(cells(1))
  work.duration = ({ stage }) => (stage === 'fine-tune' ? 300 : 0)
  await harness.run(work, async (client) => {
    const handles = [await startStudy(client, start), await startStudy(client, start)]
    const results = await Promise.all(handles.map((handle) => handle.result()))
    expect(results.map(({ measured }) => measured)).toEqual([1, 1])
  })
  expect(work.callsOf('fine-tune').length).toBe(1)
})

it('takes over from a run that waits for workers of an earlier version', async () => {
  await harness.run(new FakeWork(cells(1)), async (client) => {
    const workflowId = studyWorkflowId(studyId)
    const earlier = await client.workflow.start('study', { workflowId, taskQueue: 'gauntlet-workflows', args: [] })
    expect(await (await startStudy(client, start)).result()).toMatchObject({ measured: 1 })
    const run = client.workflow.getHandle(workflowId, earlier.firstExecutionRunId)
    expect((await run.describe()).status.name).toBe('TERMINATED')
    const child = client.workflow.getHandle(configurationWorkflowId(configurationId(cell(1))))
    expect((await child.describe()).status.name).toBe('COMPLETED')
  })
})
