import { poolDescriptionQueue, poolQueue } from '@gauntlet/contract'
import type { Client } from '@temporalio/client'

/** Temporal's number for queues of activities (`temporal.api.enums.v1.TaskQueueType`). */
const activityQueue = 2

/** What waits for a worker of a pool: stages, and questions what the workers are. */
export interface PoolBacklog {
  readonly stages: number
  readonly questions: number
}

/** Reads how much waits for workers of a pool. What a worker is working at does not count. */
export async function poolBacklog(client: Client, pool: string): Promise<PoolBacklog> {
  const [stages, questions] = await Promise.all([
    backlogOf(client, poolQueue(pool)),
    backlogOf(client, poolDescriptionQueue(pool)),
  ])
  return { stages, questions }
}

async function backlogOf(client: Client, name: string): Promise<number> {
  const { stats } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType: activityQueue,
    reportStats: true,
  })
  return Number(stats?.approximateBacklogCount ?? 0)
}
