import type { WorkerDescription } from '@gauntlet/contract'
import { askPool } from './stage-runner.ts'

/** Asks a pool what its workers are, so that `plan` can make the same stage keys before anything runs. */
export async function pool(name: string): Promise<WorkerDescription> {
  return askPool(name)
}
