import { workflowQueue, type PoolWorkflowResult } from '@gauntlet/contract'
import type { Client } from '@temporalio/client'
import { randomUUID } from 'node:crypto'

/** What the workers of a pool say of themselves; waits for one to answer. */
export function describePool(client: Client, pool: string): Promise<PoolWorkflowResult> {
  return client.workflow.execute<(name: string) => Promise<PoolWorkflowResult>>('pool', {
    workflowId: `pool/${pool}/${randomUUID()}`,
    taskQueue: workflowQueue,
    args: [pool],
    workflowExecutionTimeout: '2 minutes',
  })
}
