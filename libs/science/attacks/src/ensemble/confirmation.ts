import { tf, type Tensor4D } from '@gauntlet/engine'
import type { AttackBatch, AttackTask } from './attack-batch.ts'
import type { BlockResult } from './block-result.ts'
import { marginOf } from '../attack/loss.ts'
import { paddedRows, passRows } from './pass-rows.ts'
import { reachOf, requireInside, type PointPrediction } from './verdict.ts'

/** What the model itself predicts at the points that a search takes for misclassified. */
export interface Confirmation {
  /** By slot of the batch. */
  readonly predictions: ReadonlyMap<number, PointPrediction>
  /** The slots whose points are misclassified indeed, each with its row of `points`. */
  readonly fallen: ReadonlyMap<number, number>
  /** The points, brought into ball and box. The caller disposes of them. */
  readonly points: Tensor4D | null
}

/**
 * Brings every point that a search takes for misclassified into ball and box, measures it and evaluates the model
 * there. The search alone does not decide, since it may work on folded weights and an attack may leave the ball.
 */
export async function confirm(task: AttackTask, batch: AttackBatch, result: BlockResult): Promise<Confirmation> {
  const { slots, points } = result
  const found = [...slots.keys()].filter((slot) => slots[slot]!.isMisclassified)
  if (found.length === 0) return { predictions: new Map(), fallen: new Map(), points: null }
  const evaluated = evaluatedInside(task, batch, found, points)
  try {
    const values = (await evaluated.numbers.array()) as [number, number, number][]
    const reach = reachOf(task.ball, points.shape.slice(1) as [number, number, number])
    const predictions = found.map((slot, i): [number, PointPrediction] => {
      const [prediction, margin, distance] = values[i]!
      const image = task.imageSet.digests[batch.slots[slot]!.row]!
      return [slot, requireInside({ prediction, margin, distance }, image, task.ball, reach)]
    })
    const isWrong = ([slot, { prediction }]: [number, PointPrediction]) =>
      prediction !== task.imageSet.labels[batch.slots[slot]!.row]
    const fallen = predictions.flatMap((each, i): [number, number][] => (isWrong(each) ? [[each[0], i]] : []))
    return { predictions: new Map(predictions), fallen: new Map(fallen), points: evaluated.points }
  } catch (error) {
    evaluated.points.dispose()
    throw error
  } finally {
    evaluated.numbers.dispose()
  }
}

/** The points of some slots inside ball and box, and of each [prediction, margin, distance]. */
function evaluatedInside(
  { ball, logits, imageSet }: AttackTask,
  { tensors }: AttackBatch,
  slots: readonly number[],
  points: Tensor4D,
) {
  const rows = paddedRows(slots, passRows(imageSet.shape))
  return tf.tidy(() => {
    const images = tf.gather(tensors!.images, rows)
    const inside = ball.project(tf.gather(points, rows), images)
    const answers = logits(inside)
    const margin = marginOf(answers, tf.gather(tensors!.labels, rows))
    const numbers = tf.stack([answers.argMax(1).toFloat(), margin, ball.size(inside.sub(images))], 1)
    return { numbers, points: inside }
  })
}
