import type { AttemptUsage, ExplainedFailure, StageProgress, StageRequest, StageResult } from '@gauntlet/contract'
import type { Digest, Json } from '@gauntlet/study'

/** What a device process says of its engine before its first stage. */
export interface EngineDescription {
  readonly environment: Json
  readonly environmentClass: Digest
  readonly device: string
}

/** What a worker sends to its device process. */
export type ToDevice =
  | {
      readonly type: 'run'
      readonly id: number
      /** The path of the bundle that does the stage. */
      readonly bundle: string
      readonly request: StageRequest<unknown>
    }
  | { readonly type: 'cancel'; readonly id: number }

/** What a device process sends to its worker. */
export type FromDevice =
  | ({ readonly type: 'ready' } & EngineDescription)
  | { readonly type: 'progress'; readonly id: number; readonly progress: DeviceProgress }
  | { readonly type: 'done'; readonly id: number; readonly result: MeasuredResult }
  /** The process can still answer; sent every second while it works at a stage and is not within one computation. */
  | { readonly type: 'alive'; readonly id: number }
  | ({ readonly type: 'failed'; readonly id: number } & ExplainedFailure)

/** What a stage read from outside the store, and what it stored. */
export type DeviceResult = Pick<StageResult, 'sources' | 'generated'>

/** The result of an attempt with what it took of the machine. */
export interface MeasuredResult extends DeviceResult {
  readonly usage: AttemptUsage
}

/** What a device process knows of its progress; the worker adds who and since when. */
export type DeviceProgress = Pick<
  StageProgress,
  'done' | 'total' | 'unit' | 'imagesPerSecond' | 'checkpoint' | 'resumedFrom'
>
