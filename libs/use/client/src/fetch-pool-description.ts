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

/** The description of a pool's workers, and when they gave it; null where they were asked just now. */
export interface DescribedPool {
  readonly description: WorkerDescription
  readonly describedAt: Date | null
}

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
