import {
  poolDescriptionQueue,
  poolQueue,
  type DescriptionActivities,
  type GpuActivities,
  type StageCode,
  type WorkerDescription,
} from '@gauntlet/contract'
import { proxyActivities } from '@temporalio/workflow'

/**
 * Activities of GPU workers. Temporal makes one attempt only, because each failure class has a budget of its own and
 * every failed attempt is recorded. Waiting for a free device has no limit; a worker whose heartbeats stop is lost.
 */
export function gpuActivities(pool: string) {
  return proxyActivities<GpuActivities>({
    taskQueue: poolQueue(pool),
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '20 s',
    retry: { maximumAttempts: 1 },
  })
}

/** Asks a pool for the description of its workers, again and again until one answers. */
export function askPool(pool: string, codes: readonly StageCode[]): Promise<WorkerDescription> {
  const { describeWorker } = proxyActivities<DescriptionActivities>({
    taskQueue: poolDescriptionQueue(pool),
    // The worker may have to make bundles that nobody has asked for yet.
    startToCloseTimeout: '2 minutes',
  })
  return describeWorker(codes)
}
