import type { Ball, EnsembleName } from '@gauntlet/attacks'
import type { NetworkName, ReferenceNetwork } from './networks.ts'

/** How PyTorch's side keeps its model: as it comes, or as suits its convolutions. */
export const layouts = ['contiguous', 'channels_last'] as const

/** What both sides are given: the same weights, images, ball and batch. */
export interface Task {
  readonly network: NetworkName
  /** The same for PyTorch's side. */
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

/** What one attack took. */
export interface AttackTime {
  readonly attack: string
  readonly seconds: number
  /** Of the processor, all threads together: what a busy machine disturbs less. */
  readonly processorSeconds: number
  /** Images that it was given, and those that held. */
  readonly attacked: number
  readonly held: number
  /** Passes of single images through the model. */
  readonly forwards: number
  readonly backwards: number
}

/** What a side says of the first images, unperturbed: [images][classes]. */
export interface CleanLogits {
  readonly logits: readonly (readonly number[])[]
}
