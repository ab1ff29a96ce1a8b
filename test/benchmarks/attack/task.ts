import type { Ball, EnsembleName } from '@gauntlet/attacks'
import type { RobustModelName } from '../../parity/attacks/digit-models.ts'

/** What both sides are given: the same weights, images, ball and batch. */
export interface Task {
  readonly model: RobustModelName
  readonly ensemble: EnsembleName
  readonly norm: Ball['norm']
  readonly epsilon: number
  /** The first digits of the parity tests' thousand. */
  readonly images: number
  /** Safetensors of the model. */
  readonly weights: string
  readonly batch: number
  readonly threads: number
}

/** What one attack took. */
export interface AttackTime {
  readonly attack: string
  readonly seconds: number
  /** Images that it was given, and those that held. */
  readonly attacked: number
  readonly held: number
  /** Passes of single images through the model. */
  readonly forwards: number
  readonly backwards: number
}
