import {
  inOrderOf,
  mapTensors,
  repeatWhile,
  tf,
  type Scalar,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  type TensorTree,
} from '@gauntlet/engine'
import type { Attack, AttackStep } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import { selectRows } from '../attack/batch-rows.ts'
import type { LogitsFunction } from '../attack/loss.ts'

/** What a block of steps begins with. All but images, step inputs and state are [batch]. */
export type BlockInput = {
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly targets: Tensor1D
  /** [steps, batch, numbers of a step input]. */
  readonly stepInputs: Tensor3D
  /** Steps that a row may take, at most as many as there are step inputs; 0 in rows that only fill the batch. */
  readonly stepsLeft: Tensor1D
  readonly state: TensorTree
}

/**
 * The deciding point of each image in a block: its first misclassified point that counts, else the counting one of
 * lowest margin. All but `point` are [batch], float32.
 */
export type DecidingPoints = {
  /** The misclassified point; the image where there is none. */
  readonly point: Tensor4D
  /** 1 where there is one. */
  readonly misclassified: Tensor1D
  /** 1 while every margin up to it was a number. */
  readonly finite: Tensor1D
  readonly prediction: Tensor1D
  /** Infinity where no point counted. */
  readonly margin: Tensor1D
  readonly distance: Tensor1D
  /** Steps up to the misclassified point, or all. */
  readonly stepsTaken: Tensor1D
}

export type BlockOutput = {
  readonly state: TensorTree
  readonly deciding: DecidingPoints
  /** Steps that the block took. */
  readonly steps: Scalar
}

/** The deciding points while the block runs: `nearest` are they themselves, or the images where there is none. */
type PointsSoFar = Omit<DecidingPoints, 'point' | 'distance'> & { readonly nearest: Tensor4D }

/** What the steps of a block hand on. */
type Carried = Pick<BlockOutput, 'state'> & { readonly found: PointsSoFar }

/**
 * A block ends when more than this part of its rows are done: they have fallen or come to the end of their run, and
 * would go on to cost as much as the others.
 */
const idleShare = 1 / 16

/**
 * Takes as many steps as the rows may, or until enough rows are done. A function of tensors alone, so that it is
 * captured whole or run step by step. What it gives for a row does not depend on the other rows but for where the block
 * ends.
 */
export function block(attack: Attack, ball: Ball, logits: LogitsFunction, input: BlockInput): BlockOutput {
  const { stepInputs, stepsLeft, state, ...batch } = input
  const occupied = stepsLeft.greater(0).toFloat().sum<Scalar>()
  const goesOn = ({ found }: Carried, iteration: Scalar) => {
    const open = openRows(found, stepsLeft, iteration).toFloat().sum<Scalar>()
    return open.greaterEqual<Scalar>(occupied.mul(1 - idleShare)).logicalAnd(open.greater(0)) as Scalar
  }
  const inputsOf = inputsOfSteps(attack, stepInputs, batch.images)
  const first: Carried = { state, found: nothingFound(batch.images) }
  const { found, ...last } = repeatWhile(
    goesOn,
    first,
    (carried, iteration) => {
      const { state: before, found } = carried
      const { state: next, ...result } = attack.step({ ...batch, logits }, before, inputsOf(iteration))
      const open = openRows(found, stepsLeft, iteration)
      const after = foundAfter(batch, found, result, open)
      return inOrderOf(carried, { state: next, found: after })
    },
    { atMost: stepInputs.shape[0] },
  )
  // Every step was taken with a row that was open, and so had taken all steps before.
  return { ...last, steps: found.stepsTaken.max<Scalar>(), deciding: decidingPoints(ball, batch.images, found) }
}

/** Gives every step its inputs, or what was prepared of them. stepInputs: [steps, batch, numbers of a step input]. */
export function inputsOfSteps(
  attack: Attack,
  stepInputs: Tensor3D,
  { shape: [, height, width, channels] }: Tensor4D,
): (step: Scalar) => TensorTree {
  const all = attack.prepared?.(stepInputs, [height, width, channels]) ?? stepInputs
  return (step) => mapTensors(all, (ofSteps) => tf.gather(ofSteps, step))
}

/** The points found, measured. Once, since it takes as long as a tenth of a query of Square on a small model. */
function decidingPoints(ball: Ball, images: Tensor4D, { nearest, ...found }: PointsSoFar): DecidingPoints {
  const isMisclassified = found.misclassified.greater(0) as Tensor1D
  const distance = ball.size(nearest.sub(images))
  return { ...found, point: selectRows(isMisclassified, nearest, images), distance }
}

/** Rows that have steps left and no misclassified point yet. */
function openRows({ misclassified }: PointsSoFar, stepsLeft: Tensor1D, iteration: Scalar): Tensor1D {
  return stepsLeft.greater(iteration.toFloat()).logicalAnd(misclassified.equal(0))
}

function nothingFound(images: Tensor4D): PointsSoFar {
  const all = (value: number) => tf.fill([images.shape[0]], value) as Tensor1D
  const flags = { misclassified: all(0), finite: all(1) }
  return { nearest: images.clone(), ...flags, prediction: all(-1), margin: all(Infinity), stepsTaken: all(0) }
}

/** The points found after one more step of the open rows. */
function foundAfter(
  { labels }: Pick<BlockInput, 'labels'>,
  before: PointsSoFar,
  step: Omit<AttackStep, 'state'>,
  open: Tensor1D,
): PointsSoFar {
  const counting = open.logicalAnd(step.counts.greater(0))
  const isWrong = counting.logicalAnd(step.prediction.notEqual(labels)) as Tensor1D
  const isBetter = isWrong.logicalOr(counting.logicalAnd(step.margin.less(before.margin))) as Tensor1D
  const ofStep = { nearest: step.point, prediction: step.prediction.toFloat<Tensor1D>(), margin: step.margin }
  const ofBefore = { nearest: before.nearest, prediction: before.prediction, margin: before.margin }
  const isNumber = open.logicalNot().logicalOr(tf.isFinite(step.margin)).toFloat()
  return {
    misclassified: before.misclassified.maximum<Tensor1D>(isWrong.toFloat()),
    finite: before.finite.minimum<Tensor1D>(isNumber),
    stepsTaken: before.stepsTaken.add<Tensor1D>(open.toFloat()),
    ...selectRows(isBetter, ofStep, ofBefore),
  }
}
