import { pauseStudy, resumeStudy } from '@gauntlet/client'
import {
  configurationWorkflowId,
  controlUpdates,
  progressQuery,
  studyWorkflowId,
  workflowNames,
  workflowQueue,
  type StudyProgress,
  type Workflows,
} from '@gauntlet/contract'
import { configurationId, digestOf } from '@gauntlet/study'
import type { Client } from '@temporalio/client'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { writeHistory } from './history-file.ts'
import { askedBy, isContinued, openHarness, pool, startStudyWorkflow, until } from './workflow-harness.fixture.ts'

/*
 * Records the histories that `histories.test.ts` replays, or those that are named:
 * `npm run record-histories --workspace @gauntlet/test -- study-extended`. A history that is there stays: runs that
 * began before a change must survive it, so a change of what a workflow does is guarded by `patched`, and recorded by
 * another name. One is recorded again only when running studies need not survive, and the workflows' queue is renamed.
 */

type Ids = Readonly<Record<string, string>>

/** Runs something, and gives the ids of the workflows to record, by the names of the histories. */
type Scenario = (client: Client, work: FakeWork) => Promise<Ids>

/**
 * One configuration diverges. Another one runs out of memory, then loses the network, and cannot be evaluated under one
 * perturbation.
 */
const failures: Scenario = async (client, work) => {
  work.faultOf = ({ stage, seed, attempt, perturbation }) => {
    if (stage === 'fine-tune' && seed === 2) return { type: 'Diverged' }
    if (stage === 'fine-tune' && seed === 3 && attempt <= 2)
      return { type: attempt === 1 ? 'OutOfMemory' : 'Transient' }
    return seed === 3 && perturbation === 'L1' ? { type: 'InvalidInput' } : undefined
  }
  const study = await startStudyWorkflow(client, { window: 2 })
  await study.result()
  return { study: study.workflowId, configuration: configurationWorkflowId(configurationId(cell(3))) }
}

/** A study is stopped, goes on with what was in flight, and is extended; the other one joins it. */
const extension: Scenario = async (client, work) => {
  work.duration = ({ stage }) => (stage === 'fine-tune' ? 700 : 0)
  const file = { digest: digestOf('extended file'), size: 1, mediaType: 'application/yaml' }
  work.otherFiles.set(file.digest, cells(5))
  const study = await startStudyWorkflow(client, { window: 2, budgetSeconds: 1_000 })
  await until(() => work.callsOf('fine-tune').length === 2)
  await pauseStudy(client, digestOf('study'), { now: true })
  const inFlight = async () => (await study.query<StudyProgress>(progressQuery)).running.length
  await until(async () => (await inFlight()) === 0)
  await resumeStudy(client, digestOf('study'))
  await until(() => work.callsOf('fine-tune').length === 4)
  const extended = digestOf('extended study')
  await study.executeUpdate(controlUpdates.extend, { args: [{ studyId: extended, file }] })
  await study.result()
  const other = client.workflow.getHandle(studyWorkflowId(extended))
  await until(() =>
    other.describe().then(
      () => true,
      () => false,
    ),
  )
  await other.result()
  return { 'study-extended': study.workflowId, 'study-extending': other.workflowId }
}

/**
 * A study waits for what another one has in flight. It is paused at once, which that one's configuration survives, and
 * resumed. Then the other study is paused at once, and this one runs the configuration that was stopped.
 */
const waiting: Scenario = async (client, work) => {
  let slow = true
  work.duration = ({ stage }) => (stage === 'fine-tune' && slow ? 30_000 : 0)
  const [owner, joining] = ['owner', 'joining']
  const study = await startStudyWorkflow(client, { name: owner, window: 1 })
  await until(() => work.callsOf('fine-tune').length === 1)
  const other = await startStudyWorkflow(client, { name: joining, window: 1 })
  await until(async () => (await askedBy(other)) === 1)
  await pauseStudy(client, digestOf(joining), { now: true })
  await until(async () => (await other.query<StudyProgress>(progressQuery)).running.length === 0)
  await resumeStudy(client, digestOf(joining))
  await until(async () => (await askedBy(other)) === 3)
  slow = false
  await pauseStudy(client, digestOf(owner), { now: true })
  await other.result()
  await resumeStudy(client, digestOf(owner))
  await study.result()
  return { 'study-joining': other.workflowId }
}

/** A study continues as new while four configurations run, and its next run waits for them. */
const continuing: Scenario = async (client, work) => {
  const letGo = work.hold('checkpoint')
  const study = await startStudyWorkflow(client, { window: 4 })
  await until(() => work.callsOf('checkpoint').length === 4)
  const { workflowId } = study
  const pausedAgain = () => pauseStudy(client, digestOf('study'), { now: false }) // which makes the history longer
  await until(() => pausedAgain().then(() => isContinued(client, study)))
  await until(async () => (await askedBy(client.workflow.getHandle(workflowId))) === 4)
  letGo()
  await resumeStudy(client, digestOf('study'))
  await study.result()
  return { 'study-continued': workflowId }
}

const description: Scenario = async (client) => {
  const workflowId = 'pool'
  const args: Parameters<Workflows['pool']> = [pool, ['prepare-dataset']]
  await client.workflow.execute<Workflows['pool']>(workflowNames.pool, { workflowId, taskQueue: workflowQueue, args })
  return { pool: workflowId }
}

const named = process.argv.slice(2)

/** Runs scenarios of so many configurations one after the other, and records what is named. */
async function record(scenarios: readonly Scenario[], configurations: number, settings: readonly string[] = []) {
  const harness = await openHarness(settings)
  for (const scenario of scenarios) {
    const work = new FakeWork(cells(configurations))
    await harness.run(work, async (client) => {
      for (const [name, workflowId] of Object.entries(await scenario(client, work))) {
        if (named.length > 0 && !named.includes(name)) continue
        const history = await client.workflow.getHandle(workflowId).fetchHistory()
        writeHistory(name, history)
        console.log(`Recorded ${history.events?.length} events of ${name}`)
      }
    })
  }
  await harness.close()
}

await record([failures, extension, waiting, description], 3)
await record([continuing], 8, ['limit.historyCount.suggestContinueAsNew=120'])
