import { tf, type Tensor4D } from '@gauntlet/engine'
import type { Foray, Lane, Siege } from './lane.ts'
import { marginOf } from './loss.ts'
import { padded } from './pass-rows.ts'
import { reachOf, requireSound, type Sighting } from './verdict.ts'

/**
 * What the model says of the points at which an attack says that images fell. The points are the caller's to dispose
 * of.
 */
export interface Confirmation {
  /** By seat of the lane. */
  readonly sightings: ReadonlyMap<number, Sighting>
  /** Seats whose images fell indeed, by row of `points`. */
  readonly fallen: ReadonlyMap<number, number>
  /** Brought into ball and box. */
  readonly points: Tensor4D | null
}

/**
 * Shows every point that an attack takes for misclassified to the model, brought into ball and box and measured: the
 * attack is not taken at its word.
 */
export async function confirm(siege: Siege, lane: Lane, { catches, points }: Foray): Promise<Confirmation> {
  const found = [...catches.keys()].filter((seat) => catches[seat]!.isFound)
  if (found.length === 0) return { sightings: new Map(), fallen: new Map(), points: null }
  const shown = shownToModel(siege, lane, found, points)
  try {
    const values = (await shown.answers.array()) as [number, number, number][]
    const reach = reachOf(siege.ball, points.shape.slice(1) as [number, number, number])
    const sightings = found.map((seat, i): [number, Sighting] => {
      const [prediction, margin, distance] = values[i]!
      const { row } = lane.seats[seat]!
      return [seat, requireSound({ prediction, margin, distance }, siege.gallery.digests[row]!, siege.ball, reach)]
    })
    const isWrong = ([seat, { prediction }]: [number, Sighting]) =>
      prediction !== siege.gallery.labels[lane.seats[seat]!.row]
    const fallen = sightings.flatMap((each, i): [number, number][] => (isWrong(each) ? [[each[0], i]] : []))
    return { sightings: new Map(sightings), fallen: new Map(fallen), points: shown.points }
  } catch (error) {
    shown.points.dispose()
    throw error
  } finally {
    shown.answers.dispose()
  }
}

function shownToModel({ ball, logits }: Siege, { tensors }: Lane, found: readonly number[], points: Tensor4D) {
  const rows = padded(found, points.shape[0])
  return tf.tidy(() => {
    const images = tf.gather(tensors!.images, rows)
    const enforced = ball.project(tf.gather(points, rows), images)
    const answered = logits(enforced)
    const margin = marginOf(answered, tf.gather(tensors!.labels, rows))
    const answers = tf.stack([answered.argMax(1).toFloat(), margin, ball.size(enforced.sub(images))], 1)
    return { answers, points: enforced }
  })
}
