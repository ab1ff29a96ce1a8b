import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { passesOf, readPass, type ImageSet } from './image-set.ts'
import { marginOf, type LogitsFunction } from '../attack/loss.ts'
import { paddedRows } from './pass-rows.ts'
import { requireFinite, type PointPrediction } from './verdict.ts'

/** What the model predicts for an unperturbed image, and its most likely classes, best first. */
export interface CleanPrediction extends PointPrediction {
  readonly ranking: readonly number[]
}

/** How many classes are ranked. No attack has more than nine targets, and the label is among the ten. */
const ranked = 10

/**
 * The predictions for every image, by one forward pass each. Rankings are computed here once, and not anew for every
 * target as in the reference (autopgd_base.py:665).
 */
export async function predictClean(
  logits: LogitsFunction,
  imageSet: ImageSet,
  batchSize: number,
): Promise<CleanPrediction[]> {
  const predictions: CleanPrediction[] = []
  for (const rows of passesOf(imageSet, [...imageSet.digests.keys()], batchSize)) {
    const values = await predictedIn(await readPass(imageSet, rows), logits, imageSet, rows)
    rows.forEach((row, i) => {
      const [prediction, margin, ...ranking] = values[i] as [number, number, ...number[]]
      const point = requireFinite({ prediction, margin, distance: 0 }, imageSet.digests[row]!)
      predictions.push({ ...point, ranking })
    })
  }
  return predictions
}

/** What `predictionsOf` gives for the images of some rows, which are disposed of. */
async function predictedIn(
  images: Tensor4D,
  logits: LogitsFunction,
  imageSet: ImageSet,
  rows: readonly number[],
): Promise<number[][]> {
  try {
    const labels = paddedRows(rows, images.shape[0]).map((row) => imageSet.labels[row]!)
    const predicted = tf.tidy(() => predictionsOf(logits(images), labels))
    const values = await predicted.array()
    predicted.dispose()
    return values
  } finally {
    images.dispose()
  }
}

/** Prediction, margin and ranked classes of each row, [batch, 2 + ranked]. */
function predictionsOf(logits: Tensor2D, labels: number[]): Tensor2D {
  const margin = marginOf(logits, tf.tensor1d(labels, 'int32'))
  const ranking = tf.topk(logits, Math.min(ranked, logits.shape[1])).indices.toFloat()
  return tf.concat([tf.stack([logits.argMax(1).toFloat(), margin], 1), ranking], 1) as Tensor2D
}
