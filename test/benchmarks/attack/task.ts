import type { Ball, EnsembleName } from '@gauntlet/attacks'
import type { NetworkName, ReferenceNetwork } from './networks.ts'

/** The memory formats of PyTorch's side: its default, and the one that suits its convolutions. */
export const layouts = ['contiguous', 'channels_last'] as const

/** What both sides are given. */
export interface Task {
  readonly network: NetworkName
  /** The same network for PyTorch's side. */
  readonly reference: ReferenceNetwork
  readonly ensemble: EnsembleName
  readonly norm: Ball['norm']
  readonly epsilon: number
  /** Safetensors of images and labels (`writeInputs`). */
  readonly inputs: string
  readonly images: number
  /** Safetensors of the model. */
  readonly weights: string
  readonly batch: number
  readonly layout: (typeof layouts)[number]
  readonly threads: number
}

/** The time and the passes that one attack took. */
export interface AttackTime {
  readonly attack: string
  readonly seconds: number
  /** Processor time of all threads together, which a busy machine disturbs less. */
  readonly processorSeconds: number
  /** Number of images that it was given, and of those that held. */
  readonly attacked: number
  readonly held: number
  /** Passes of single images through the model. */
  readonly forwards: number
  readonly backwards: number
}

/** A side's logits of the first images, unperturbed: [images][classes]. */
export interface CleanLogits {
  readonly logits: readonly (readonly number[])[]
}
