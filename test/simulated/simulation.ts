import type { WorkerDescription } from '@gauntlet/contract'
import type { KeyedStage } from '@gauntlet/study'

/** What simulated stages take, make and meet. */
export interface Simulation {
  readonly pool: string
  /** Attempts that the worker does at the same time. */
  readonly devices: number
  /** Test images of every dataset. */
  readonly images: number
  /** Seconds of each stage; none where it is absent. */
  readonly seconds?: Partial<Readonly<Record<KeyedStage, number>>>
  /** Seconds of each forward-equivalent of a stage, besides; none where it is absent. */
  readonly secondsPerForward?: number
  /** Whether every stage makes bytes of its own. */
  readonly distinct: boolean
  /** Whether stages fail. */
  readonly faulty: boolean
  /** Stands for the sources of the workers; another value makes other keys. */
  readonly code?: string
  /** What its workers say of themselves, instead of what `code` makes. */
  readonly worker?: WorkerDescription
}
