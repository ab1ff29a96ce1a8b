import { workflowNames, workflowQueue, type WorkerDescription, type Workflows } from '@gauntlet/contract'
import type { Client } from '@temporalio/client'
import type { Duration } from '@temporalio/common'
import { randomUUID } from 'node:crypto'

/** What the workers of a pool say of themselves; waits for one to answer, at most as long as `limit`. */
export function describePool(client: Client, pool: string, limit: Duration = '2 minutes'): Promise<WorkerDescription> {
  return client.workflow.execute<Workflows['pool']>(workflowNames.pool, {
    workflowId: `pool/${pool}/${randomUUID()}`,
    taskQueue: workflowQueue,
    args: [pool],
    workflowExecutionTimeout: limit,
  })
}
