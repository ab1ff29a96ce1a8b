import { cancelStudy, pauseStudy, resumeStudy } from '@gauntlet/client'
import {
  configurationWorkflowId,
  controlUpdates,
  progressQuery,
  studyWorkflowId,
  type StudyProgress,
  type StudyResult,
} from '@gauntlet/contract'
import type { Client } from '@temporalio/client'
import type { History } from '@temporalio/common/lib/proto-utils'
import { configurationId, digestOf, type Digest } from '@gauntlet/study'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import {
  askedBy,
  counts,
  isContinued,
  openHarness,
  startStudyWorkflow,
  until,
  type WorkflowHarness,
} from './workflow-harness.fixture.ts'

/** The server suggests continue-as-new after this many events instead of thousands. */
const eventsOfARun = 120

let harness: WorkflowHarness
beforeAll(
  async () => void (harness = await openHarness([`limit.historyCount.suggestContinueAsNew=${eventsOfARun}`])),
  120_000,
)
afterAll(() => harness.close())

const studyId = digestOf('study')

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

  it.each([
    ['cancelled', 1, (client: Client) => cancelStudy(client, studyId)],
    ['paused at once', 2, (client: Client) => pauseStudy(client, studyId, { now: true })],
  ])('stops what an earlier run of it started when it is %s', async (_, tries, stop) => {
    const work = new FakeWork(cells(30))
    let slow = true
    work.duration = ({ stage, seed }) => (stage !== 'fine-tune' ? 0 : seed <= 2 && slow ? 120_000 : 20)
    await harness.run(work, async (client) => {
      const { handle, progress } = await continuedStudy(client)
      await until(async () => (await progress()).running.includes(workflowIdOf(2)))
      await stop(client)
      await until(() => work.cancelled.filter(({ stage }) => stage === 'fine-tune').length >= 2)
      slow = false
      if (tries === 1) return
      await until(async () => (await progress()).running.length === 0)
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 30 }))
    })
    for (const seed of [1, 2]) expect(work.callsOf('fine-tune', seed).length).toBe(tries)
    expect(work.missingCells).toEqual([])
  })

  it('shows and counts what is in flight also while it is paused', async () => {
    const work = new FakeWork(cells(24))
    work.deviceSeconds = 10
    const letGo = work.hold('checkpoint')
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 24 })
      await until(() => work.callsOf('checkpoint').length === 24)
      const pausedAgain = () => pauseStudy(client, studyId, { now: false }) // which makes the history longer
      await until(() => pausedAgain().then(() => isContinued(client, handle)))
      const progress = () => client.workflow.getHandle(handle.workflowId).query<StudyProgress>(progressQuery)
      await until(async () => (await askedBy(client.workflow.getHandle(handle.workflowId))) === 24)
      letGo()
      // Not until nothing runs: of a run that has just begun nothing does, before it takes up what is left.
      await until(async () => (await progress()).ended.measured === 24)
      const { paused, running, deviceSeconds } = await progress()
      expect({ paused, running }).toEqual({ paused: 'asked', running: [] })
      expect(deviceSeconds).toBe(10 * work.calls.length)
      expect(await handle.result()).toEqual(counts({ measured: 24 }))
    })
  })
})

const workflowIdOf = (seed: number) => configurationWorkflowId(configurationId(cell(seed)))

/** A study that has continued as new, with what its first run started in flight. */
async function continuedStudy(client: Client) {
  const started = await startStudyWorkflow(client, { window: 4 })
  await until(() => isContinued(client, started))
  const handle = client.workflow.getHandle(started.workflowId)
  return { handle, progress: () => handle.query<StudyProgress>(progressQuery) }
}

/** The first run of a study that another one started. */
async function firstRunOf(client: Client, studyId: Digest): Promise<string> {
  const { raw } = await client.workflow.getHandle(studyWorkflowId(studyId)).describe()
  return raw.workflowExecutionInfo!.firstRunId!
}

/** How many configurations each run carried over to the next. */
async function carriedOver(client: Client, firstRun: string, id = studyId): Promise<number[]> {
  const carried: number[] = []
  for (let run: string | undefined = firstRun; run;) {
    const history: History = await client.workflow.getHandle(studyWorkflowId(id), run).fetchHistory()
    const last = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes
    run = last?.newExecutionRunId ?? undefined
    const payload = last?.input?.payloads?.[0]
    if (!payload?.data) continue
    const input = JSON.parse(new TextDecoder().decode(payload.data)) as { carried: { unfinished: unknown[] } }
    carried.push(input.carried.unfinished.length)
  }
  return carried
}
