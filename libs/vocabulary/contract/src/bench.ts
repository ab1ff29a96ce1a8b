import type { Json } from '@gauntlet/study'
import type { WorkerEnvironment } from './activities.ts'
import type { NotDone } from './process-answers.ts'

/** What `gauntlet doctor` asks of the processes that measure a device (`--bench`) and check it (`--gpu`). */
export interface DeviceRequest {
  /** At least one. */
  readonly backbones: readonly string[]
  /** Side of the images in pixels; null for each backbone's own. */
  readonly resolution: number | null
  /** Images per batch; null to choose it by their pixels. */
  readonly batch: number | null
}

/**
 * How fast one device computes with one backbone, in images per second of captured programs, one program at a time; of
 * its CPU time where it is one core (`countsCpuTime`).
 */
export interface BackboneSpeed {
  readonly backbone: string
  /** Side of the images, in pixels. */
  readonly resolution: number
  readonly batch: number
  /** Forward alone. */
  readonly forward: number
  /** Forward, and backward to the pixels. */
  readonly gradient: number
  /** An optimiser step on clean images, every parameter trained. */
  readonly update: number
  /** Forward and backward to the pixels as a pass of an attack, with all that it does beside. */
  readonly attack?: number
  /** Seconds until an attack's first pass, in which its programs are captured. */
  readonly attackStart?: number
  /** Seconds that the first optimiser step takes more than another, for the same reason. */
  readonly updateStart?: number
  /** The most bytes that were resident in the process meanwhile. */
  readonly peakBytes?: number
}

/**
 * Whether a device with this environment is one core of a CPU. What it takes is then told by CPU time, which others who
 * use the machine do not lengthen.
 */
export function countsCpuTime(environment: Json | object): boolean {
  const { device, threads, parts } = environment as { device?: string; threads?: number; parts?: number }
  return device?.startsWith('cpu ') === true && threads === 1 && parts === 1
}

/** The device that was measured, as its workers describe it. */
export interface MeasuredDevice extends WorkerEnvironment {
  readonly device: string
}

/** What the bench's process answers: any number of `progress`, then one of the others. */
export type BenchAnswer =
  /** `done` of `total` measurements are made; `doing` names the next one. */
  | {
      readonly type: 'progress'
      readonly done: number
      readonly total: number
      readonly doing: string
      /** A backbone of which everything is measured now. */
      readonly measured?: { readonly device: MeasuredDevice; readonly speed: BackboneSpeed }
    }
  | { readonly type: 'done'; readonly device: MeasuredDevice; readonly speeds: readonly BackboneSpeed[] }
  | NotDone
