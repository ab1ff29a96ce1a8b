import type { RandomKey, Tensor1D, Tensor2D, Tensor4D, TensorTree } from '@gauntlet/engine'
import type { LogitsFunction } from './loss.ts'
import type { ImageShape } from './square-moves.ts'
import type { TargetRanking } from './target-ranking.ts'

/**
 * An attack as the ensemble runs it: on every image `runs` runs (restarts, target classes) of `steps` steps, each of
 * which looks at one point. Rows of a batch stand at steps of their own: what a step must be told is in its cues, a row
 * of numbers computed before it. A step is pure, reads nothing to the host and draws no random number, so that it can
 * be captured and repeated.
 */
export interface Attack {
  /** The name in tables and in the keys of its noise. */
  readonly name: string
  readonly runs: number
  readonly steps: number
  /** Steps of run 0 where it is a short one, before the others. */
  readonly opening?: number | undefined
  /** Most steps between two looks of the driver. */
  readonly block: number
  /**
   * Which class, by its rank on the clean image (0 is the largest logit), run `run` aims at; null where it aims at
   * none.
   */
  targetRank(run: number): number | null
  /** Which classes those ranks mean, where it is not the order of the clean logits. */
  readonly rank?: TargetRanking
  /** What one step asks of the model. */
  readonly cost: Cost
  /** The noise and the cues of one run on one image, from its key alone. */
  script(key: RunKey, shape: ImageShape): Script
  /** The state before the first step. noise: [batch, length of a script's start]. */
  enter(images: Tensor4D, noise: Tensor2D): TensorTree
  /** One step of every row. cues: [batch, numbers of a cue]. */
  step(target: Target, state: TensorTree, cues: Tensor2D): AttackStep
}

/** Steps of a run. */
export function stepsOf({ steps, opening = steps }: Attack, run: number): number {
  return run === 0 ? opening : steps
}

/** Steps of all runs. */
export function stepsOfAll(attack: Attack): number {
  return (attack.runs - 1) * attack.steps + stepsOf(attack, 0)
}

/** Passes through the model. */
export interface Cost {
  readonly forwards: number
  readonly backwards: number
}

/** What keys an image's noise in one run; nothing else does, so that it is the same in any batch, shard and order. */
export interface RunKey extends Pick<RandomKey, 'seed'> {
  readonly image: string
  readonly run: number
}

/** The random and the regular numbers of a run. */
export interface Script {
  readonly start: Float32Array
  /** What step `step` (from 0) is told; always of one length. */
  cue(step: number): readonly number[] | Float32Array
}

/**
 * A model and the images it is attacked on. images: [batch, height, width, channels] in [0, 1]; labels, targets:
 * [batch], int32.
 */
export interface Target {
  readonly logits: LogitsFunction
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly targets: Tensor1D
}

/** The state after a step, the point it looked at and what the model said there; all but the point [batch]. */
export type AttackStep = {
  readonly state: TensorTree
  readonly point: Tensor4D
  readonly prediction: Tensor1D
  /** Logit of the label minus the largest other one. */
  readonly margin: Tensor1D
  /** Whether the point may count: 0 where the attack left the ball on purpose. */
  readonly counts: Tensor1D
}
