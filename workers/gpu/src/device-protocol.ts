import type { FailureClass, StageProgress, StageRequest, StageResult } from '@gauntlet/contract'
import type { Digest, Json, KeyedStage } from '@gauntlet/study'

/** From the worker to its device process. */
export type ToDevice =
  | { readonly type: 'run'; readonly id: number; readonly stage: KeyedStage; readonly request: StageRequest<unknown> }
  | { readonly type: 'cancel'; readonly id: number }

/** From the device process to its worker. */
export type FromDevice =
  | { readonly type: 'ready'; readonly environment: Json; readonly environmentClass: Digest; readonly device: string }
  | { readonly type: 'progress'; readonly id: number; readonly progress: DeviceProgress }
  | { readonly type: 'done'; readonly id: number; readonly result: DeviceResult }
  | { readonly type: 'failed'; readonly id: number; readonly failureClass: FailureClass; readonly message: string }

/** What a stage read from outside the store, and what it stored. */
export type DeviceResult = Pick<StageResult, 'sources' | 'generated'>

/** What a device process knows of its progress; the worker adds who and since when. */
export type DeviceProgress = Pick<
  StageProgress,
  'done' | 'total' | 'unit' | 'imagesPerSecond' | 'checkpoint' | 'resumedFrom' | 'microBatch'
>
