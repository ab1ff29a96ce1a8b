import type { RandomKey, Tensor1D, Tensor2D, Tensor3D, Tensor4D, TensorTree } from '@gauntlet/engine'
import type { LogitsFunction } from './loss.ts'
import type { ImageShape } from '../balls/square-moves.ts'
import type { TargetRanking } from './target-ranking.ts'

/**
 * An attack as an ensemble runs it: `runs` runs on every image (restarts, target classes) of `steps` steps, each of
 * which evaluates one point. The rows of a batch stand at steps of their own, so that everything that a step depends on
 * is in its step input, a row of numbers computed beforehand. A step is pure, reads nothing to the host and draws no
 * random number, so that it can be captured and repeated.
 */
export interface Attack {
  /** The name in tables and in the keys of its noise. */
  readonly name: string
  readonly runs: number
  readonly steps: number
  /** Steps of run 0, where that is a short one before the others. */
  readonly opening?: number | undefined
  /** Most steps of a block: the driver reads results to the host once a block. */
  readonly blockSteps: number
  /**
   * The class that run `run` aims at, by its rank on the clean image (0: largest logit); null where it aims at none.
   */
  targetRank(run: number): number | null
  /** The classes that those ranks mean, where the order is not that of the clean logits. */
  readonly rankTargets?: TargetRanking
  /** What one step costs. */
  readonly cost: Cost
  /** The noise and the step inputs of one run on one image, which depend on its key alone. */
  runInputs(key: RunKey, shape: ImageShape): RunInputs
  /** The state before the first step. noise: [batch, length of a run's noise]. */
  initialState(images: Tensor4D, noise: Tensor2D): TensorTree
  /**
   * What steps compute of their inputs alone, beforehand and for all steps of a block at once: leaves of [steps, …], of
   * which every step gets its own. The inputs themselves unless given. stepInputs: [steps, batch, numbers of a step
   * input].
   */
  prepared?(stepInputs: Tensor3D, shape: ImageShape): TensorTree
  /** One step of every row. inputs: [batch, numbers of a step input], or what was prepared of them. */
  step(problem: AttackProblem, state: TensorTree, inputs: TensorTree): AttackStep
}

/** Steps of one run. */
export function stepsOf({ steps, opening = steps }: Attack, run: number): number {
  return run === 0 ? opening : steps
}

/** Steps of all runs on one image. */
export function stepsOfAll(attack: Attack): number {
  return (attack.runs - 1) * attack.steps + stepsOf(attack, 0)
}

/** Passes through the model. */
export interface Cost {
  readonly forwards: number
  readonly backwards: number
}

/** All that an image's noise in one run depends on, so that it is the same in any batch, shard and order. */
export interface RunKey extends Pick<RandomKey, 'seed'> {
  /** The image's digest. */
  readonly image: string
  readonly run: number
}

/** The numbers that one run on one image is given. */
export interface RunInputs {
  /** The random numbers of its start. */
  readonly noise: Float32Array
  /** The input of step `step` (from 0); of the same length for every step. */
  stepInput(step: number): readonly number[] | Float32Array
}

/**
 * What a step works on: a model and a batch of images. images: [batch, height, width, channels] in [0, 1]; labels,
 * targets: [batch], int32.
 */
export interface AttackProblem {
  readonly logits: LogitsFunction
  readonly images: Tensor4D
  readonly labels: Tensor1D
  /** The class that each row aims at; the label where it aims at none. */
  readonly targets: Tensor1D
}

/** The state after a step, the point that it evaluated and what the model says there; all but the point are [batch]. */
export type AttackStep = {
  readonly state: TensorTree
  readonly point: Tensor4D
  readonly prediction: Tensor1D
  /** Logit of the label minus the largest other one. */
  readonly margin: Tensor1D
  /** 1 where the point may decide a verdict, 0 where the attack left the ball on purpose. */
  readonly counts: Tensor1D
}
