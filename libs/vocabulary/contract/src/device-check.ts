import type { MeasuredDevice } from './bench.ts'
import type { NotDone } from './process-answers.ts'

/** A program: how well it agrees with eager code on the CPU, and what it costs where the device says so. */
export interface CheckedProgram {
  readonly name: string
  /** The largest deviation of any result, relative to its Euclidean norm. */
  readonly deviation: number
  /** Seconds in which it was lowered and compiled, or read from the cache. */
  readonly compileSeconds: number | null
  /** Bytes on the device beside the state. */
  readonly bytes: number | null
}

/** What a device does with one backbone. */
export interface CheckedBackbone {
  readonly backbone: string
  readonly resolution: number
  readonly batch: number
  readonly programs: readonly CheckedProgram[]
  /** Whether a second run gave the same bits. */
  readonly sameBits: { readonly forward: boolean; readonly training: boolean; readonly attack: boolean }
  /** Images a second: of a forward pass, of an optimiser step on clean images, and of one iteration of APGD. */
  readonly imagesPerSecond: { readonly forward: number; readonly trainingStep: number; readonly apgdIteration: number }
  /** The same of PyTorch with `torch.compile` on the same device; null where there is no Python with torch and timm. */
  readonly torchImagesPerSecond: CheckedBackbone['imagesPerSecond'] | null
}

/** What the process answers: any number of `progress`, then one of the others. */
export type DeviceCheckAnswer =
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly doing: string }
  | {
      readonly type: 'done'
      readonly device: MeasuredDevice
      readonly precision: string
      readonly backbones: readonly CheckedBackbone[]
      /** Whether a program without room ended as `OutOfMemory`, and a small one ran after it. */
      readonly recoversFromOutOfMemory: boolean
    }
  | NotDone
