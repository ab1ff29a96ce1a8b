import { setTimeout as sleep } from 'node:timers/promises'
import { pauseStudy, resumeStudy } from '@gauntlet/client'
import { configurationWorkflowId, progressQuery, type FulfilInput, type StudyProgress } from '@gauntlet/contract'
import { bundleWorkflows, runnableCode } from '@gauntlet/ledger-worker/versions/bundle-workflows'
import { configurationId, digestOf, stageKey } from '@gauntlet/study'
import { Worker } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import {
  counts,
  openHarness,
  runConfigurationWorkflow,
  startStudyWorkflow,
  until,
  type WorkflowHarness,
} from './workflow-harness.fixture.ts'
import { readHistory, type RecordedHistory } from './history-file.ts'

let harness: WorkflowHarness
let workflowBundle: { readonly code: string }
beforeAll(async () => {
  harness = await openHarness()
  workflowBundle = { code: runnableCode(await bundleWorkflows()) }
}, 120_000)
afterAll(() => harness.close())

/** Replays each history with the present workflows and gives its error, if there is one. */
async function replay(...histories: RecordedHistory[]): Promise<(Error | undefined)[]> {
  const named = histories.map((history, index) => ({ workflowId: `history-${index}`, history }))
  const errors: (Error | undefined)[] = []
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, named)) errors.push(error)
  return errors
}

describe('the present workflows', () => {
  it.each([
    ['study', 50],
    ['configuration', 50],
    ['study-extended', 50],
    ['study-extending', 50],
    ['study-joining', 50],
    ['study-continued', 50],
    ['pool', 5],
  ])('replay the recorded history %s', async (name, least) => {
    expect(readHistory(name).events.length).toBeGreaterThan(least)
    expect(await replay(readHistory(name))).toEqual([undefined])
  })

  it('fail to replay a history that was altered', async () => {
    const altered = readHistory('configuration')
    const scheduled = altered.events.find(
      ({ activityTaskScheduledEventAttributes: attributes }) => attributes?.activityType?.name === 'fineTune',
    )
    scheduled!.activityTaskScheduledEventAttributes!.activityType!.name = 'checkpoint'
    const [error] = await replay(altered)
    expect(error).toBeInstanceOf(DeterminismViolationError)
  })

  /**
   * While the ledger writes the outputs of `clean`, which keeps the workflow task open, the pause after the failure of
   * `Linf` ends, and `L2` fails. The next task tells both: the one begins again, the failure of the other is recorded,
   * and the ledger answers one after the other.
   */
  it('replay a configuration that asked the ledger for two things at once', async () => {
    const work = new FakeWork([cell(1)])
    const endsAfter: Readonly<Record<string, number>> = { clean: 500, Linf: 0, L2: 1_200, L1: 0, common: 0 }
    const failing = ['Linf', 'L2']
    const perturbationOf = ({ identity }: FulfilInput) =>
      work.calls.find((call) => call.stageKey === stageKey(identity))?.perturbation
    work.ledgerDuration = (activity, input) => {
      if (activity === 'fulfil') return perturbationOf(input as FulfilInput) === 'clean' ? 1_500 : 0
      return activity === 'recordFailedAttempt' ? 150 : 0
    }
    work.heldBy = ({ perturbation, attempt }) =>
      perturbation && attempt === 1 ? sleep(endsAfter[perturbation]) : undefined
    work.faultOf = ({ perturbation, attempt }) =>
      perturbation && failing.includes(perturbation) && attempt === 1 ? { type: 'Transient' } : undefined
    const history = await harness.run(work, async (client) => {
      expect(await runConfigurationWorkflow(client, cell(1))).toMatchObject({ outcome: 'measured' })
      return client.workflow.getHandle(configurationWorkflowId(configurationId(cell(1)))).fetchHistory()
    })
    expect(await replay(history as RecordedHistory)).toEqual([undefined])
  })

  /**
   * One backbone has failed by a bug three times. Once the study goes on, another configuration of it is skipped while
   * three others ask what is known: the answer to the skip makes room, and the next one is asked for.
   */
  it('replay a study that skips a configuration while others begin', async () => {
    const [broken, alsoBroken] = [[1, 2, 3].map((seed) => cell(seed, 'broken')), cell(4, 'broken')]
    const begin = [cell(5, 'backbone-a'), cell(6, 'backbone-b'), cell(7, 'backbone-c')]
    const work = new FakeWork([...broken, cell(8, 'backbone-w'), ...begin, alsoBroken, cell(9, 'backbone-w')])
    const letGo = work.hold('fine-tune')
    work.faultOf = ({ stage, seed }) => (stage === 'checkpoint' && seed < 5 ? { type: 'Bug' } : undefined)
    let isSlow = false
    work.ledgerDuration = (activity) =>
      isSlow && activity === 'recordMissingCell' ? 300 : isSlow && activity === 'beginStage' ? 900 : 0
    const history = await harness.run(work, async (client) => {
      const study = await startStudyWorkflow(client, { window: 4 })
      await until(() => work.callsOf('fine-tune').length === 4)
      await pauseStudy(client, digestOf('study'), { now: false })
      letGo()
      await until(async () => (await study.query<StudyProgress>(progressQuery)).running.length === 0)
      isSlow = true
      await resumeStudy(client, digestOf('study'))
      expect(await study.result()).toEqual(counts({ measured: 5, failed: 3, skipped: 1 }))
      return study.fetchHistory()
    })
    expect(await replay(history as RecordedHistory)).toEqual([undefined])
  })

  /** A patch that is asked for later may be recorded where a replay does not find it (`patches.ts`). */
  it('note their patches before anything else', async () => {
    const work = new FakeWork(cells(2))
    const { events } = await harness.run(work, async (client) => {
      const study = await startStudyWorkflow(client)
      await study.result()
      return (await study.fetchHistory()) as RecordedHistory
    })
    const markers = events.flatMap(({ markerRecordedEventAttributes: marker }) => marker?.markerName ?? [])
    expect(markers[0]).toBe('core_patch')
    expect(markers.indexOf('core_local_activity')).toBe(markers.lastIndexOf('core_patch') + 1)
  })
})
