import { workflowDeployment, workflowNames, workflowQueue, type LedgerActivities } from '@gauntlet/contract'
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker'
import { runnableCode, type WorkflowBuild } from './bundle-workflows.ts'

interface Surroundings extends Pick<WorkerOptions, 'identity' | 'shutdownForceTime' | 'workflowThreadPoolSize'> {
  readonly connection: NativeConnection
  readonly namespace: string
  readonly activities: LedgerActivities
}

/** A worker for the runs of one build of the workflows. A run is pinned to its build unless its workflow upgrades. */
export function createWorkflowWorker({ activities, ...server }: Surroundings, build: WorkflowBuild): Promise<Worker> {
  return Worker.create({
    ...server,
    taskQueue: workflowQueue,
    workflowBundle: { code: runnableCode(build) },
    activities,
    enableNonLocalActivities: false,
    // Its study starts it again, which recalls all that it did. A study waits for a build that replays its history.
    workflowFailureErrorTypes: { '*': [], [workflowNames.configuration]: ['NondeterminismError'] },
    workerDeploymentOptions: {
      version: { deploymentName: workflowDeployment, buildId: build.buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  })
}
