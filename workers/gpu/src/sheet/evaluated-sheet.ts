import { apgd, ballOf, type LogitsFunction } from '@gauntlet/attacks'
import { tf } from '@gauntlet/engine'
import type { ImageReader, Outcome } from '@gauntlet/evaluation'
import type { Perturbation } from '@gauntlet/study'
import { attackSheet, type SheetRow } from './attack-sheet.ts'

/**
 * The number of images on a sheet, spread evenly over those that are right unperturbed, and of iterations of the attack
 * that it shows.
 */
const [most, iterations] = [5, 40]

/** An evaluation under attack and its outcomes. */
export interface EvaluatedImages {
  readonly perturbation: Extract<Perturbation, { readonly epsilon: number }>
  readonly logits: LogitsFunction
  readonly reader: ImageReader
  readonly outcomes: readonly Outcome[]
  readonly seed: number
}

/**
 * Draws a picture of an evaluation under attack. Equal evaluations give equal bits, also where one was interrupted.
 * Therefore the attacked copies are not the points that the evaluation found on its way, but the points of highest
 * cross-entropy that a short APGD finds in the same ball. The text under a copy is the outcome of the evaluation.
 */
export async function evaluatedSheet({ reader, outcomes, ...evaluated }: EvaluatedImages): Promise<Uint8Array> {
  const places = placesOf(outcomes)
  const { images, labels } = await reader.read(places)
  const side = reader.resolution
  const attacked = attackedImages(evaluated, images, labels, side)
  const size = side * side * 3
  const imageAt = (all: Float32Array, i: number) => all.subarray(i * size, (i + 1) * size)
  const rows = places.map((place, i): SheetRow => {
    const { felledBy } = outcomes[place]!
    const title = felledBy === null ? 'held' : felledBy === 'clean' ? 'wrong as it is' : `fell ${felledBy}`
    return { clean: imageAt(images, i), attacked: imageAt(attacked, i), label: labels[i]!, title }
  })
  return attackSheet(rows, { ...evaluated, side })
}

/** The indices of images that are right unperturbed, or of any images where these are too few. */
function placesOf(outcomes: readonly Outcome[]): number[] {
  const right = outcomes.filter(({ felledBy }) => felledBy !== 'clean')
  const chosen = right.length < most ? outcomes : right
  const count = Math.min(most, chosen.length)
  return Array.from({ length: count }, (_, i) => chosen[Math.floor((i * chosen.length) / count)]!.index)
}

function attackedImages(
  { perturbation: { name, epsilon }, logits }: Pick<EvaluatedImages, 'perturbation' | 'logits'>,
  images: Float32Array,
  labels: Int32Array,
  side: number,
): Float32Array {
  const points = tf.tidy(() =>
    apgd({
      logits,
      ball: ballOf(name, epsilon),
      iterations,
      images: tf.tensor4d(images, [labels.length, side, side, 3]),
      labels: tf.tensor1d(labels, 'int32'),
      start: 'clean',
    }),
  )
  const values = points.dataSync() as Float32Array
  points.dispose()
  return values
}
