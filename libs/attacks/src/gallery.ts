import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { marginOf, type LogitsFunction } from './loss.ts'
import { fittingBatchSize, padded } from './batch-size.ts'
import { requireFinite, type Sighting } from './verdict.ts'

/** The images of an evaluation, by row. */
export interface Gallery {
  /** Digests of the images: they key the noise. */
  readonly digests: readonly string[]
  readonly labels: readonly number[]
  /** The images of some rows, [rows, height, width, channels] in [0, 1]; the caller disposes of them. */
  read(rows: readonly number[]): Promise<Tensor4D> | Tensor4D
}

/** What the model says of an unperturbed image: its answer and its most likely classes, best first. */
export interface CleanAnswer extends Sighting {
  readonly ranking: readonly number[]
}

/** Targets are among the ten most likely classes. */
const ranked = 10

/** One forward pass of every image. Rankings are computed here, once, and not for every target as in the reference (autopgd_base.py:665). */
export async function askUnperturbed(logits: LogitsFunction, gallery: Gallery, batchSize: number): Promise<CleanAnswer[]> {
  const answers: CleanAnswer[] = []
  for (let first = 0; first < gallery.digests.length; first += batchSize) {
    const rows = gallery.digests.slice(first, first + batchSize).map((_, i) => first + i)
    const images = await gallery.read(padded(rows, fittingBatchSize(rows.length, batchSize)))
    const answered = tf.tidy(() =>
      answersOf(
        logits(images),
        padded(rows, images.shape[0]).map((row) => gallery.labels[row]!),
      ),
    )
    const values = (await answered.array()) as number[][]
    tf.dispose([images, answered])
    rows.forEach((row, i) => {
      const [prediction, margin, ...ranking] = values[i] as [number, number, ...number[]]
      answers.push({ ...requireFinite({ prediction, margin, distance: 0 }, gallery.digests[row]!), ranking })
    })
  }
  return answers
}

function answersOf(logits: Tensor2D, labels: number[]): Tensor2D {
  const margin = marginOf(logits, tf.tensor1d(labels, 'int32'))
  const ranking = tf.topk(logits, Math.min(ranked, logits.shape[1])).indices.toFloat()
  return tf.concat([tf.stack([logits.argMax(1).toFloat(), margin], 1), ranking], 1) as Tensor2D
}
