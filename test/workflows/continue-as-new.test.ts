import { studyWorkflowId } from '@gauntlet/contract'
import type { History } from '@temporalio/common/lib/proto-utils'
import { digestOf } from '@gauntlet/study'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { openHarness, startStudyWorkflow, type WorkflowHarness } from './workflow-harness.fixture.ts'

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
})

/** How many configurations each run carried over to the next. */
async function carriedOver(client: Parameters<typeof startStudyWorkflow>[0], firstRun: string): Promise<number[]> {
  const carried: number[] = []
  for (let run: string | undefined = firstRun; run;) {
    const history: History = await client.workflow.getHandle(studyWorkflowId(digestOf('study')), run).fetchHistory()
    const last = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes
    run = last?.newExecutionRunId ?? undefined
    const payload = last?.input?.payloads?.[0]
    if (!payload?.data) continue
    const input = JSON.parse(new TextDecoder().decode(payload.data)) as { carried: { unfinished: unknown[] } }
    carried.push(input.carried.unfinished.length)
  }
  return carried
}
