import { setTimeout as sleep } from 'node:timers/promises'
import {
  configurationWorkflowId,
  poolDescriptionQueue,
  poolQueue,
  studyWorkflowId,
  workflowQueue,
  type DeclaredPools,
  type StudyCounts,
} from '@gauntlet/contract'
import { configurationId, digestOf, type Configuration } from '@gauntlet/study'
import type { configuration, study } from '@gauntlet/workflows'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { bundleWorkflows, type WorkflowBuild } from '@gauntlet/ledger-worker/versions/bundle-workflows'
import { Deployment } from '@gauntlet/ledger-worker/versions/deployment'
import { createWorkflowWorker } from '@gauntlet/ledger-worker/versions/workflow-worker'
import { perturbations } from './cells.fixture.ts'
import type { FakeWork } from './fake-work.fixture.ts'
import { startTemporalServer } from './temporal-server.fixture.ts'

const quiet = new DefaultLogger('ERROR')
export const pool = 'pool'

/** The real workflows on a real Temporal server, with fake activities. */
export interface WorkflowHarness {
  /** Runs workers with these activities, in a namespace of their own, while `use` lasts. */
  run<Result>(work: FakeWork, use: (client: Client) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

export async function openHarness(serverSettings: readonly string[] = []): Promise<WorkflowHarness> {
  Runtime.install({ logger: quiet })
  const [server, build] = await Promise.all([startTemporalServer(serverSettings), bundleWorkflows()])
  const connection = await NativeConnection.connect({ address: server.address })
  const clients = await Connection.connect({ address: server.address })
  return {
    async run(work, use) {
      const namespace = server.freshNamespace()
      const workers = await startWorkers(work, { connection, namespace }, build)
      const running = Promise.all(workers.map((worker) => worker.run()))
      try {
        await new Deployment(connection, namespace).makeCurrent(build.buildId)
        return await Promise.race([
          use(new Client({ connection: clients, namespace })),
          running.then(() => workersStopped()),
        ])
      } finally {
        work.release()
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
        await running
      }
    },
    async close() {
      await Promise.all([connection.close(), clients.close()]).finally(() => server.stop())
    },
  }
}

function startWorkers(
  work: FakeWork,
  place: { connection: NativeConnection; namespace: string },
  build: WorkflowBuild,
): Promise<Worker[]> {
  const shared = { ...place, shutdownForceTime: '5 s' }
  return Promise.all([
    createWorkflowWorker({ ...shared, workflowThreadPoolSize: 1, activities: work.ledgerActivities() }, build),
    ...work.pools.flatMap((name) => [
      Worker.create({ ...shared, taskQueue: poolQueue(name), activities: work.gpuActivities() }),
      Worker.create({ ...shared, taskQueue: poolDescriptionQueue(name), activities: work.descriptionActivities() }),
    ]),
  ])
}

function workersStopped(): never {
  throw new Error('The workers stopped before the test was over.')
}

const studyFile = { digest: digestOf('study file'), size: 1, mediaType: 'application/yaml' }

interface StartedStudy {
  readonly name?: string
  readonly window?: number
  readonly budgetSeconds?: number | null
  readonly declared?: DeclaredPools
}

export function startStudyWorkflow(
  client: Client,
  { name = 'study', window = 4, budgetSeconds = null, declared }: StartedStudy = {},
) {
  const studyId = digestOf(name)
  return client.workflow.start<typeof study>('study', {
    workflowId: studyWorkflowId(studyId),
    taskQueue: workflowQueue,
    args: [{ studyId, file: studyFile, pool, window, budgetSeconds, ...(declared ? { declared } : {}) }],
  })
}

export async function runStudyWorkflow(client: Client, options: StartedStudy = {}) {
  return (await startStudyWorkflow(client, options)).result()
}

export function runConfigurationWorkflow(client: Client, cell: Configuration) {
  return client.workflow.execute<typeof configuration>('configuration', {
    workflowId: configurationWorkflowId(configurationId(cell)),
    taskQueue: workflowQueue,
    args: [{ studyId: digestOf('study'), configuration: cell, perturbations, pool }],
  })
}

/** How the configurations of a study ended, where all counts that are not named are 0. */
export function counts(changes: Partial<StudyCounts>): StudyCounts {
  return { measured: 0, diverged: 0, failed: 0, skipped: 0, ...changes }
}

/** Whether a study that was started has continued as new. */
export async function isContinued(
  client: Client,
  { workflowId, firstExecutionRunId }: { readonly workflowId: string; readonly firstExecutionRunId: string },
): Promise<boolean> {
  return (await client.workflow.getHandle(workflowId).describe()).runId !== firstExecutionRunId
}

/** How many configurations a run of a study has told that it waits for them. */
export async function askedBy(study: WorkflowHandle): Promise<number> {
  const { events } = await study.fetchHistory()
  return events!.filter((event) => event.externalWorkflowExecutionSignaledEventAttributes).length
}

/** Looks every 20 ms until it is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}
