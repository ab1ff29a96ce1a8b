import type { Ball, EnsembleName } from '@gauntlet/attacks'
import type { NetworkName, ReferenceNetwork } from './networks.ts'

/** The memory formats of PyTorch's side: its default, and the one that suits its convolutions. */
export const layouts = ['contiguous', 'channels_last'] as const
export type Layout = (typeof layouts)[number]

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
  /** Of PyTorch's side; found by a short probe unless given. */
  readonly layout?: Layout | undefined
  /** Of the attacks' noise. */
  readonly seed: number
  readonly threads: number
}

/** The time and the passes that one attack took. */
export interface AttackTime {
  readonly attack: string
  readonly seconds: number
  /** Processor time of all threads together, which a busy machine disturbs less. */
  readonly processorSeconds: number
  /** Number of images that it was given. */
  readonly attacked: number
  /** The images that held, by their place among all. */
  readonly held: readonly number[]
  /** Passes of single images through the model. */
  readonly forwards: number
  readonly backwards: number
  /** Rows of all forward and backward passes: with those that only fill a pass, of which PyTorch's side has none. */
  readonly rows: number
}

/** Seconds of a gradient and of a forward pass of one batch by PyTorch in each layout. */
export type LayoutTimes = Readonly<Record<Layout, { readonly gradient: number; readonly forward: number }>>

/** A side's logits of the first images, unperturbed: [images][classes]. */
export interface CleanLogits {
  readonly logits: readonly (readonly number[])[]
}
