import { workflowDeployment, workflowNames, workflowQueue } from '@gauntlet/contract'
import { Worker, type NativeConnection } from '@temporalio/worker'
import { runnableCode, type WorkflowBuild } from './bundle-workflows.ts'

interface Server {
  readonly connection: NativeConnection
  readonly namespace: string
}

interface Execution {
  readonly workflowId: string
  readonly runId: string
}

/** A study whose history a build cannot replay. */
export interface HeldStudy {
  readonly workflowId: string
  /** The build that it stays with; null where it began before there were builds, and no worker can go on with it. */
  readonly buildId: string | null
}

/**
 * Pins the studies whose histories this build cannot replay to the build that they run by, before this one becomes
 * current, and gives them. All others go on with it.
 */
export async function holdStudies(server: Server, build: WorkflowBuild): Promise<HeldStudy[]> {
  const held: HeldStudy[] = []
  for (const execution of await runningStudies(server)) {
    const buildId = await buildOfRun(server, execution)
    if (buildId === build.buildId || (await replays(server, execution, build))) continue
    if (buildId !== null) await pin(server, execution, buildId)
    held.push({ workflowId: execution.workflowId, buildId })
  }
  return held
}

async function runningStudies({ connection, namespace }: Server): Promise<Execution[]> {
  const query = `WorkflowType = '${workflowNames.study}' AND TaskQueue = '${workflowQueue}' AND ExecutionStatus = 'Running'`
  const found: Execution[] = []
  let nextPageToken: Uint8Array | undefined
  do {
    const page = await connection.workflowService.listWorkflowExecutions({
      namespace,
      query,
      ...(nextPageToken ? { nextPageToken } : {}),
    })
    for (const { execution } of page.executions)
      if (execution?.workflowId && execution.runId)
        found.push({ workflowId: execution.workflowId, runId: execution.runId })
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined
  } while (nextPageToken)
  return found
}

/** The build that a run goes on with now; null where no worker with a build has done a task of it. */
async function buildOfRun({ connection, namespace }: Server, execution: Execution): Promise<string | null> {
  const { workflowExecutionInfo } = await connection.workflowService.describeWorkflowExecution({ namespace, execution })
  return workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId || null
}

async function replays(server: Server, execution: Execution, build: WorkflowBuild): Promise<boolean> {
  const events = await eventsOf(server, execution)
  if (events.length <= untouched) return true
  try {
    await Worker.runReplayHistory({ workflowBundle: { code: runnableCode(build) } }, { events }, execution.workflowId)
    return true
  } catch {
    return false
  }
}

/** Events of a run that no worker has looked at yet: it has started, and a task waits. */
const untouched = 2

async function eventsOf({ connection, namespace }: Server, execution: Execution): Promise<unknown[]> {
  const events: unknown[] = []
  let nextPageToken: Uint8Array | undefined
  do {
    const page = await connection.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution,
      ...(nextPageToken ? { nextPageToken } : {}),
    })
    events.push(...(page.history?.events ?? []))
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined
  } while (nextPageToken)
  return events
}

async function pin({ connection, namespace }: Server, workflowExecution: Execution, buildId: string): Promise<void> {
  const version = { deploymentName: workflowDeployment, buildId }
  await connection.workflowService.updateWorkflowExecutionOptions({
    namespace,
    workflowExecution,
    workflowExecutionOptions: { versioningOverride: { pinned: { behavior: pinnedBehavior, version } } },
    updateMask: { paths: ['versioning_override'] },
  })
}

/** Temporal's `PinnedOverrideBehavior.PINNED`. */
const pinnedBehavior = 1
