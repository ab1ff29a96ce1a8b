import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { marginOf, type LogitsFunction } from './loss.ts'
import { filledUp, padded, passRows } from './pass-rows.ts'
import type { ImageShape } from './square-moves.ts'
import { requireFinite, type Sighting } from './verdict.ts'

/** The images of an evaluation, by row. */
export interface Gallery {
  /** Digests of the images: they key the noise. */
  readonly digests: readonly string[]
  readonly labels: readonly number[]
  /** Of every image. */
  readonly shape: ImageShape
  /** The images of some rows, [rows, height, width, channels] in [0, 1]; the caller disposes of them. */
  read(rows: readonly number[]): Promise<Tensor4D> | Tensor4D
}

/** What the model says of an unperturbed image: its answer and its most likely classes, best first. */
export interface CleanAnswer extends Sighting {
  readonly ranking: readonly number[]
}

/** Targets are among the ten most likely classes. */
const ranked = 10

/**
 * Some rows of a gallery, [pass's rows, height, width, channels]: the first image again where there are fewer. The
 * caller disposes of them.
 */
export async function readPass(gallery: Gallery, rows: readonly number[]): Promise<Tensor4D> {
  const images = await gallery.read(rows)
  const filled = filledUp(images, passRows(gallery.shape))
  images.dispose()
  return filled
}

/** Consecutive parts of `rows`, each as many as go through the model at once, and at most `batchSize`. */
export function passesOf(gallery: Gallery, rows: readonly number[], batchSize: number): number[][] {
  const size = Math.min(batchSize, passRows(gallery.shape))
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size))
}

/**
 * One forward pass of every image. Rankings are computed here, once, and not for every target as in the reference
 * (autopgd_base.py:665).
 */
export async function askUnperturbed(
  logits: LogitsFunction,
  gallery: Gallery,
  batchSize: number,
): Promise<CleanAnswer[]> {
  const answers: CleanAnswer[] = []
  for (const rows of passesOf(gallery, [...gallery.digests.keys()], batchSize)) {
    const images = await readPass(gallery, rows)
    const labels = padded(rows, images.shape[0]).map((row) => gallery.labels[row]!)
    const answered = tf.tidy(() => answersOf(logits(images), labels))
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
