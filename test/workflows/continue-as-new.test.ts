import { controlUpdates, studyWorkflowId, type StudyProgress, type StudyResult } from '@gauntlet/contract'
import type { Client } from '@temporalio/client'
import type { History } from '@temporalio/common/lib/proto-utils'
import { digestOf, type Digest } from '@gauntlet/study'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { openHarness, startStudyWorkflow, until, type WorkflowHarness } from './workflow-harness.fixture.ts'

/** The server suggests continue-as-new after this many events instead of thousands. */
const eventsOfARun = 120

let harness: WorkflowHarness
beforeAll(
  async () => void (harness = await openHarness([`limit.historyCount.suggestContinueAsNew=${eventsOfARun}`])),
  120_000,
)
afterAll(() => harness.close())

describe('a study whose history grows long', () => {
  it('continues as new with configurations in flight, and counts every one exactly once', async () => {
    const work = new FakeWork(cells(40)) // enough for three runs, however few workflow tasks a fast machine needs
    work.duration = ({ stage, seed }) => (stage === 'fine-tune' ? 40 * (seed % 5) : 0)
    work.faultOf = ({ stage, seed }) => (stage === 'fine-tune' && seed === 9 ? { type: 'Diverged' } : undefined)
    const { ended, runs, inFlight } = await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 4 })
      const ended = await handle.result()
      const carried = await carriedOver(client, handle.firstExecutionRunId)
      return { ended, runs: carried.length + 1, inFlight: Math.max(...carried) }
    })
    expect(ended).toEqual({ measured: 39, diverged: 1, failed: 0, skipped: 0 })
    expect(runs).toBeGreaterThan(2)
    expect(inFlight).toBeGreaterThan(0)
    const fulfilled = work.calls
      .filter(({ stage, seed }) => stage !== 'fine-tune' || seed !== 9)
      .map(({ stageKey }) => stageKey)
    expect(new Set(fulfilled).size).toBe(fulfilled.length)
  })

  it('is extended by a run that went on from earlier ones, and so goes on itself', async () => {
    const work = new FakeWork(cells(60))
    work.duration = ({ stage, seed }) => (stage === 'fine-tune' ? 40 * (seed % 5) : 0)
    const file = { digest: digestOf('extended file'), size: 1, mediaType: 'application/yaml' }
    work.otherFiles.set(file.digest, cells(100).reverse())
    const extended = digestOf('extended study')
    const { left, ended, runs } = await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 4 })
      await until(() => work.callsOf('fine-tune').length >= 20) // its history was too long before
      await handle.executeUpdate<StudyProgress, [object]>(controlUpdates.extend, {
        args: [{ studyId: extended, file }],
      })
      const left: StudyResult = await handle.result()
      const other = client.workflow.getHandle(studyWorkflowId(extended))
      const ended = (await other.result()) as StudyResult
      const first = await firstRunOf(client, extended)
      const runs = [await carriedOver(client, handle.firstExecutionRunId), await carriedOver(client, first, extended)]
      return { left, ended, runs: runs.map((carried) => carried.length + 1) }
    })
    expect(left).toMatchObject({ extendedBy: extended })
    expect(ended).toEqual({ measured: 100, diverged: 0, failed: 0, skipped: 0 })
    for (const count of runs) expect(count).toBeGreaterThan(1)
    expect(new Set(work.calls.map(({ stageKey }) => stageKey)).size).toBe(work.calls.length)
    expect(work.cancelled).toEqual([])
    expect(work.missingCells).toEqual([])
  })
})

/** The first run of a study that another one started. */
async function firstRunOf(client: Client, studyId: Digest): Promise<string> {
  const { raw } = await client.workflow.getHandle(studyWorkflowId(studyId)).describe()
  return raw.workflowExecutionInfo!.firstRunId!
}

/** How many configurations each run carried over to the next. */
async function carriedOver(client: Client, firstRun: string, studyId = digestOf('study')): Promise<number[]> {
  const carried: number[] = []
  for (let run: string | undefined = firstRun; run;) {
    const history: History = await client.workflow.getHandle(studyWorkflowId(studyId), run).fetchHistory()
    const last = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes
    run = last?.newExecutionRunId ?? undefined
    const payload = last?.input?.payloads?.[0]
    if (!payload?.data) continue
    const input = JSON.parse(new TextDecoder().decode(payload.data)) as { carried: { unfinished: unknown[] } }
    carried.push(input.carried.unfinished.length)
  }
  return carried
}
