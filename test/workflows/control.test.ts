import { cancelStudy, pauseStudy, resumeStudy, retryStudy, StudyNotRunning } from '@gauntlet/client'
import {
  controlUpdates,
  progressQuery,
  studyWorkflowId,
  type StudyProgress,
  type StudyResult,
} from '@gauntlet/contract'
import { digestOf } from '@gauntlet/study'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import {
  askedBy,
  counts,
  openHarness,
  startStudyWorkflow,
  until,
  type WorkflowHarness,
} from './workflow-harness.fixture.ts'

let harness: WorkflowHarness
beforeAll(async () => void (harness = await openHarness()), 120_000)
afterAll(() => harness.close())

const studyId = digestOf('study')

/** Makes the ledger give a study its configurations one by one. */
function onePageForEach(work: FakeWork): void {
  const activities = work.ledgerActivities()
  work.ledgerActivities = () => ({
    ...activities,
    openConfigurations: (input) => activities.openConfigurations({ ...input, limit: 1 }),
  })
}

describe.concurrent('a running study', () => {
  it('starts no configuration while it is paused, and ends all once it is resumed', async () => {
    const work = new FakeWork(cells(5))
    work.duration = ({ stage }) => (stage === 'fine-tune' ? 300 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2 })
      await until(() => work.callsOf('fine-tune').length === 2)
      expect(await pauseStudy(client, studyId, { now: false })).toMatchObject({ paused: 'asked', total: 5 })
      const progress = () => handle.query<StudyProgress>(progressQuery)
      await until(async () => (await progress()).running.length === 0)
      await sleep(300)
      expect((await progress()).ended).toEqual(counts({ measured: 2 }))
      expect(work.callsOf('fine-tune').length).toBe(2)
      expect(await resumeStudy(client, studyId)).toMatchObject({ paused: null })
      expect(await handle.result()).toEqual(counts({ measured: 5 }))
    })
  })

  it('stops what is in flight when it is paused at once, and goes on with it later', async () => {
    const work = new FakeWork(cells(3))
    let slow = true
    work.duration = ({ stage }) => (stage === 'fine-tune' && slow ? 30_000 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 3 })
      await until(() => work.callsOf('fine-tune').length === 3)
      await pauseStudy(client, studyId, { now: true })
      await until(() => work.cancelled.length === 3)
      slow = false
      expect(work.missingCells).toEqual([])
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 3 }))
    })
    expect(work.callsOf('pretrain-load').length).toBe(1)
  })

  it('also when it asks for the workers that have changed', async () => {
    const work = new FakeWork(cells(4))
    let asked = 0
    let comeBack = () => {}
    const away = new Promise<void>((resolve) => void (comeBack = resolve))
    const described = work.descriptionActivities()
    work.descriptionActivities = () => ({
      describeWorker: async (codes) => {
        asked += 1
        if (asked === 3) await away
        return described.describeWorker(codes)
      },
    })
    work.duration = ({ stage }) => (stage === 'checkpoint' ? 300 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 1 })
      await until(() => work.callsOf('checkpoint').length === 1)
      work.code = 'second'
      await until(() => asked === 3) // by the configuration, and then by the study
      await sleep(300)
      await pauseStudy(client, studyId, { now: true })
      comeBack()
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 4 }))
    })
  })

  it('also when it looks for the next with a question that a configuration asked first', async () => {
    const work = new FakeWork(cells(3))
    onePageForEach(work)
    const describes = work.descriptionActivities()
    let answers = Promise.resolve()
    let asked = 0
    work.descriptionActivities = () => ({
      describeWorker: async (codes) => {
        asked += 1
        await answers
        return describes.describeWorker(codes)
      },
    })
    let slow = true
    work.duration = ({ stage, seed }) => (stage === 'fine-tune' && slow ? (seed === 1 ? 500 : 30_000) : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2 })
      const progress = () => handle.query<StudyProgress>(progressQuery)
      await until(() => work.callsOf('fine-tune').length === 2)
      await pauseStudy(client, studyId, { now: false })
      work.code = 'second' // so that the study forgets the description, and the first to ask is a configuration
      await until(async () => (await progress()).ended.measured === 1)
      await pauseStudy(client, studyId, { now: true })
      await until(async () => (await progress()).running.length === 0)
      slow = false
      let comeBack = () => {}
      answers = new Promise((resolve) => void (comeBack = resolve))
      const before = asked
      await resumeStudy(client, studyId)
      await until(() => asked > before)
      await sleep(300)
      await pauseStudy(client, studyId, { now: true })
      await until(async () => (await progress()).running.length === 0)
      comeBack()
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 3 }))
    })
  })

  it('also when the stages that all share are stopped', async () => {
    const work = new FakeWork(cells(2))
    let slow = true
    work.duration = ({ stage }) => (stage === 'prepare-dataset' && slow ? 2_000 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2 })
      await until(() => work.callsOf('prepare-dataset').length === 1)
      await pauseStudy(client, studyId, { now: true })
      slow = false
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 2 }))
    })
  })

  it('goes on with what another study had in flight and stopped, and stops nothing of another one', async () => {
    const work = new FakeWork(cells(1))
    let slow = true
    work.duration = ({ stage }) => (stage === 'fine-tune' && slow ? 30_000 : 0)
    await harness.run(work, async (client) => {
      const first = await startStudyWorkflow(client, { name: 'first' })
      await until(() => work.callsOf('fine-tune').length === 1)
      const second = await startStudyWorkflow(client, { name: 'second' })
      const third = await startStudyWorkflow(client, { name: 'third' })
      await until(async () => (await askedBy(second)) + (await askedBy(third)) === 2)
      await cancelStudy(client, digestOf('third'))
      await expect(third.result()).rejects.toThrow('cancelled')
      expect(work.cancelled).toEqual([])
      slow = false
      await pauseStudy(client, digestOf('first'), { now: true })
      expect(await second.result()).toEqual(counts({ measured: 1 }))
      await resumeStudy(client, digestOf('first'))
      expect(await first.result()).toEqual(counts({ measured: 1 }))
    })
    expect(work.callsOf('fine-tune').length).toBe(2)
    expect(work.missingCells).toEqual([])
  })

  it('starts nothing when it is paused while it looks for the next', async () => {
    const work = new FakeWork(cells(3))
    let answer = () => {}
    const answered = new Promise<void>((resolve) => void (answer = resolve))
    const described = work.descriptionActivities()
    let asked = 0
    work.descriptionActivities = () => ({
      describeWorker: async (codes) => {
        asked += 1
        await answered
        return described.describeWorker(codes)
      },
    })
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2 })
      await until(() => asked > 0)
      await pauseStudy(client, studyId, { now: false })
      answer()
      await sleep(1_500)
      expect((await handle.query<StudyProgress>(progressQuery)).running).toEqual([])
      expect(work.calls).toEqual([])
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 3 }))
    })
  })

  it('tries those again that are asked for, and counts each once', async () => {
    const work = new FakeWork(cells(4))
    let isBroken = true
    work.duration = ({ stage, seed }) => (stage === 'fine-tune' && seed === 4 ? 5_000 : 0)
    work.faultOf = ({ stage, seed }) => {
      if (stage === 'checkpoint' && seed === 1 && isBroken) return { type: 'InvalidInput' }
      return stage === 'fine-tune' && seed === 2 ? { type: 'Diverged' } : undefined
    }
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 4 })
      const progress = () => handle.query<StudyProgress>(progressQuery)
      await until(async () => (await progress()).ended.failed === 1 && (await progress()).ended.diverged === 1)
      const { failures } = await progress()
      expect(failures.toSorted((a, b) => a.stage.localeCompare(b.stage))).toMatchObject([
        { stage: 'checkpoint', failureClass: 'InvalidInput', backbone: 'backbone-a', configurations: 1 },
        { stage: 'fine-tune', failureClass: 'Diverged', configurations: 1 },
      ])
      isBroken = false
      expect((await retryStudy(client, studyId, { failureClass: 'OutOfMemory' })).ended.failed).toBe(1)
      expect(await retryStudy(client, studyId, { place: 1 })).toMatchObject({ ended: { failed: 1 }, retried: 0 })
      expect((await progress()).slowest).toContain('digits · backbone-a · TRADES · FFT-1 · seed 4')
      const retried = await retryStudy(client, studyId, { place: 0 })
      expect(retried).toMatchObject({ ended: { failed: 0, diverged: 1 }, retried: 1 })
      expect((await retryStudy(client, studyId)).ended).toMatchObject({ failed: 0, diverged: 1 })
      expect(await handle.result()).toEqual(counts({ measured: 3, diverged: 1 }))
    })
    expect(work.callsOf('checkpoint', 1).length).toBe(2)
  })

  it('pauses when its budget is spent, and goes on with another one', async () => {
    const work = new FakeWork(cells(4))
    work.deviceSeconds = 10
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 1, budgetSeconds: 100 })
      const progress = () => handle.query<StudyProgress>(progressQuery)
      await until(async () => (await progress()).paused === 'budget')
      const { ended, deviceSeconds } = await progress()
      expect(ended.measured).toBeLessThan(4)
      expect(deviceSeconds).toBeGreaterThanOrEqual(100)
      expect(await resumeStudy(client, studyId)).toMatchObject({ paused: 'budget' })
      expect(await resumeStudy(client, studyId, { budgetSeconds: null })).toMatchObject({ paused: null })
      expect(await handle.result()).toEqual(counts({ measured: 4 }))
    })
  })

  it('goes on as the study that it is extended to, which has its budget and runs nothing twice', async () => {
    const work = new FakeWork(cells(4))
    work.deviceSeconds = 10
    work.duration = ({ stage }) => (stage === 'fine-tune' ? 1_000 : 0)
    const file = { digest: digestOf('extended file'), size: 1, mediaType: 'application/yaml' }
    work.otherFiles.set(file.digest, [...cells(7)].reverse())
    const extended = digestOf('extended study')
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 2, budgetSeconds: 1_000 })
      await until(() => work.callsOf('fine-tune').length >= 3)
      const extend = (id: typeof extended) =>
        handle.executeUpdate<StudyProgress, [object]>(controlUpdates.extend, { args: [{ studyId: id, file }] })
      expect(await extend(extended)).toMatchObject({ total: 4 })
      const left: StudyResult = await handle.result()
      expect(left.extendedBy).toBe(extended)
      expect(left.measured).toBeLessThan(4)
      await expect(retryStudy(client, studyId)).rejects.toThrow(StudyNotRunning)
      const other = client.workflow.getHandle(studyWorkflowId(extended))
      const progress = () => other.query<StudyProgress>(progressQuery)
      await until(async () => (await progress()).ended.measured >= 5)
      expect(await progress()).toMatchObject({ total: 7, budgetSeconds: 1_000, paused: null })
      expect(await other.result()).toEqual(counts({ measured: 7 }))
      await until(async () => (await progress()).deviceSeconds === 10 * work.calls.length)
    })
    const keys = work.calls.map(({ stageKey: key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(work.cancelled).toEqual([])
    expect(work.missingCells).toEqual([])
    expect(work.studies.map(({ studyId: id, extended: of }) => [id, of])).toEqual([
      [studyId, undefined],
      [extended, studyId],
    ])
  })

  it('takes up those that were stopped a page at a time', async () => {
    const work = new FakeWork(cells(6))
    let slow = true
    work.duration = ({ stage }) => (stage === 'fine-tune' && slow ? 30_000 : 0)
    await harness.run(work, async (client) => {
      const handle = await startStudyWorkflow(client, { window: 6 })
      await until(() => work.callsOf('fine-tune').length === 6)
      await pauseStudy(client, studyId, { now: true })
      slow = false
      await until(async () => (await handle.query<StudyProgress>(progressQuery)).running.length === 0)
      await resumeStudy(client, studyId)
      expect(await handle.result()).toEqual(counts({ measured: 6 }))
    })
    expect(work.listings).toEqual([6])
  })

  it('is cancelled with its configurations, and cannot be controlled then', async () => {
    const work = new FakeWork(cells(2))
    work.duration = ({ stage }) => (stage === 'fine-tune' ? 3_000 : 0)
    await harness.run(work, async (client) => {
      await startStudyWorkflow(client)
      await until(() => work.callsOf('fine-tune').length === 2)
      await cancelStudy(client, studyId)
      expect(work.cancelled.length).toBe(2)
      await expect(retryStudy(client, studyId)).rejects.toThrow(StudyNotRunning)
      await expect(cancelStudy(client, studyId)).rejects.toThrow(StudyNotRunning)
      await expect(pauseStudy(client, digestOf('unknown'), { now: false })).rejects.toThrow(StudyNotRunning)
    })
  })
})
