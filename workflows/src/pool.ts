import type { StageCode, WorkerDescription } from '@gauntlet/contract'
import { askPool } from './gpu-pool.ts'

/** Asks a pool for the description of its workers, from which `plan` makes stage keys before anything runs. */
export async function pool(name: string, codes: readonly StageCode[]): Promise<WorkerDescription> {
  return askPool(name, codes)
}
