import {
  workflowNames,
  workflowQueue,
  type StageCode,
  type WorkerDescription,
  type Workflows,
} from '@gauntlet/contract'
import type { Client } from '@temporalio/client'
import type { Duration } from '@temporalio/common'
import { randomUUID } from 'node:crypto'

/**
 * Asks the workers of a pool for their description, with the digests of these codes. It waits for a worker to answer,
 * at most as long as `limit`.
 */
export function fetchPoolDescription(
  client: Client,
  pool: string,
  codes: readonly StageCode[],
  limit: Duration = '2 minutes',
): Promise<WorkerDescription> {
  return client.workflow.execute<Workflows['pool']>(workflowNames.pool, {
    workflowId: `pool/${pool}/${randomUUID()}`,
    taskQueue: workflowQueue,
    args: [pool, codes],
    workflowExecutionTimeout: limit,
  })
}
