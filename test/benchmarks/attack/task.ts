import type { Ball } from '@gauntlet/attacks'

/** What both sides are given: the same weights, images, ball and batch. */
export interface Task {
  readonly norm: Ball['norm']
  readonly epsilon: number
  /** The first digits of the parity tests' thousand. */
  readonly images: number
  /** Safetensors of the CNN of robust_digits.py. */
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

/** The radii at which the parity tests compare verdicts; the robust CNN was trained for the first. */
export const epsilons: Readonly<Record<Ball['norm'], number>> = { Linf: 0.2, L2: 2, L1: 8 }
