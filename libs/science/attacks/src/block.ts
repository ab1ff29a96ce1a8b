import {
  inOrderOf,
  repeatWhile,
  tf,
  type Scalar,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  type TensorTree,
} from '@gauntlet/engine'
import type { Attack } from './attack.ts'
import type { Ball } from './ball.ts'
import { selectRows } from './batch-rows.ts'
import type { LogitsFunction } from './loss.ts'

/** What a block of steps begins with. All but images, cues and state [batch]. */
export type BlockStart = {
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly targets: Tensor1D
  /** What every step is told: [steps, batch, numbers of a cue]. */
  readonly cues: Tensor3D
  /** Steps that a row may do; 0 in rows that fill the batch. At most as many as there are cues. */
  readonly left: Tensor1D
  readonly state: TensorTree
}

/**
 * What is seen of each image in a block: its first misclassified point that counts, else the counting one of lowest
 * margin. All but the point [batch], float32.
 */
export type Seen = {
  readonly point: Tensor4D
  readonly found: Tensor1D
  /** 1 while every margin up to the find was a number. */
  readonly finite: Tensor1D
  readonly prediction: Tensor1D
  /** Infinity where no point counted. */
  readonly margin: Tensor1D
  readonly distance: Tensor1D
  /** Steps up to the find, or all. */
  readonly looks: Tensor1D
}

export type BlockEnd = {
  readonly state: TensorTree
  readonly seen: Seen
  /** Steps that the block took. */
  readonly steps: Scalar
}

/**
 * A block ends when more than this part of its rows have fallen or come to the end of their run: they cost as much as
 * the others.
 */
const idleShare = 1 / 16

/**
 * As many steps as the rows may do, or until enough rows idle. A function of tensors alone, which is captured whole or
 * run step by step; a row's part of the results does not depend on the others but for where the block ends.
 */
export function block(attack: Attack, ball: Ball, logits: LogitsFunction, start: BlockStart): BlockEnd {
  const { cues, left, state, ...target } = start
  const seats = left.greater(0).toFloat().sum<Scalar>()
  const goesOn = ({ seen }: BlockEnd, iteration: Scalar) => {
    const open = openRows(seen, left, iteration).toFloat().sum<Scalar>()
    return open.greaterEqual<Scalar>(seats.mul(1 - idleShare)).logicalAnd(open.greater(0)) as Scalar
  }
  const first: BlockEnd = { state, seen: nothingSeen(target.images), steps: tf.scalar(0) }
  return repeatWhile(
    goesOn,
    first,
    (carried, iteration) => {
      const { state: before, seen, steps } = carried
      const told = tf.gather(cues, iteration.reshape<Tensor1D>([1]), 0).squeeze<typeof cues>([0])
      const { state: next, ...glance } = attack.step({ ...target, logits }, before, told as never)
      const open = openRows(seen, left, iteration)
      const ended = { state: next, seen: looked(ball, target, seen, glance, open), steps: steps.add<Scalar>(1) }
      return inOrderOf(carried, ended)
    },
    { atMost: cues.shape[0] },
  )
}

/** Rows that have steps left and have not been found misclassified. */
function openRows({ found }: Seen, left: Tensor1D, iteration: Scalar): Tensor1D {
  return left.greater(iteration.toFloat()).logicalAnd(found.equal(0))
}

function nothingSeen(images: Tensor4D): Seen {
  const none = (value: number) => tf.fill([images.shape[0]], value) as Tensor1D
  const nothing = { found: none(0), finite: none(1), prediction: none(-1), margin: none(Infinity), distance: none(0) }
  return { point: images.clone(), ...nothing, looks: none(0) }
}

type Glance = {
  readonly point: Tensor4D
  readonly prediction: Tensor1D
  readonly margin: Tensor1D
  readonly counts: Tensor1D
}

/**
 * What is seen after one more step of the open rows: the first misclassification stays, until then the lowest margin
 * does.
 */
function looked(
  ball: Ball,
  { images, labels }: Pick<BlockStart, 'images' | 'labels'>,
  seen: Seen,
  glance: Glance,
  open: Tensor1D,
): Seen {
  const counting = open.logicalAnd(glance.counts.greater(0))
  const isWrong = counting.logicalAnd(glance.prediction.notEqual(labels)) as Tensor1D
  const isBetter = isWrong.logicalOr(counting.logicalAnd(glance.margin.less(seen.margin))) as Tensor1D
  const distance = ball.size(glance.point.sub(images))
  const now = { prediction: glance.prediction.toFloat<Tensor1D>(), margin: glance.margin, distance }
  const before = { prediction: seen.prediction, margin: seen.margin, distance: seen.distance }
  const isNumber = open.logicalNot().logicalOr(tf.isFinite(glance.margin)).toFloat()
  return {
    point: selectRows(isWrong, glance.point, seen.point),
    found: seen.found.maximum<Tensor1D>(isWrong.toFloat()),
    finite: seen.finite.minimum<Tensor1D>(isNumber),
    looks: seen.looks.add<Tensor1D>(open.toFloat()),
    ...selectRows(isBetter, now, before),
  }
}
