import {
  poolDescriptionQueue,
  poolQueue,
  type DescriptionActivities,
  type GpuActivities,
  type StageCode,
  type WorkerDescription,
  type WorkerEnvironment,
} from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { proxyActivities } from '@temporalio/workflow'
import { ledger } from './ledger.ts'

/** Where the stages of a configuration run, and at which share of the devices. */
export interface StagePlace {
  readonly pool: string
  /** The pool that does the stages which fetch sources; `pool` where it is absent. */
  readonly fetch?: string
  /** Whose stages they are beside those of others, and its share; absent where studies do not share by weight. */
  readonly share?: { readonly studyId: Digest; readonly weight: number }
}

/**
 * Activities of GPU workers. Temporal makes one attempt only, because each failure class has a budget of its own and
 * every failed attempt is recorded. Waiting for a free device has no limit; a worker whose heartbeats stop is lost.
 */
export function gpuActivities(pool: string, share?: StagePlace['share'], cost = 1) {
  return proxyActivities<GpuActivities>({
    taskQueue: poolQueue(pool),
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '20 s',
    retry: { maximumAttempts: 1 },
    ...(share ? { priority: { fairnessKey: share.studyId, fairnessWeight: fairnessWeight(share.weight, cost) } } : {}),
  })
}

/** The weights that Temporal takes. */
const [leastWeight, mostWeight] = [0.001, 1_000]

/**
 * The weight of one task. Temporal counts tasks: it lets a study wait for 1/weight after each. So the weight of a task
 * that costs twice as much is half as large, and what studies share is device time and not tasks.
 */
function fairnessWeight(weight: number, cost: number): number {
  return Math.min(mostWeight, Math.max(leastWeight, weight / cost))
}

/**
 * The description of the workers that do the stages at this place. A declared pool is of the environment to which it is
 * held, whoever answers; code and host are those of the workers that fetch, so that a pool without a worker at present
 * keeps nobody waiting. Only the first worker of a pool ever is waited for.
 */
export async function describePlace(
  { pool, fetch }: StagePlace,
  codes: readonly StageCode[],
): Promise<WorkerDescription> {
  if (fetch === undefined) return askPool(pool, codes)
  const [environment, fetching] = await Promise.all([declaredEnvironment(pool), askPool(fetch, codes)])
  return { ...fetching, ...environment }
}

async function declaredEnvironment(pool: string): Promise<WorkerEnvironment> {
  const held = await ledger.poolEnvironment({ pool })
  if (held) return held
  const { environment, environmentClass } = await askPool(pool, [])
  return ledger.holdPool({ pool, environment: { environment, environmentClass } })
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
