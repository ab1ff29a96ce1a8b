import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Attack, Script, Target } from './attack.ts'
import type { Ball } from './ball.ts'
import { fittingBatchSize, padded } from './batch-size.ts'
import type { Gallery } from './gallery.ts'
import type { LogitsFunction } from './loss.ts'
import type { ImageShape } from './square-moves.ts'
import { gatherRows, releaseReplaced, whichever, type TensorTree } from './tensor-tree.ts'

/** What an attack is run against, and how. */
export interface Siege {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly gallery: Gallery
  readonly attack: Attack
  readonly seed: number
  /** The class that an image's run aims at. */
  readonly targetOf: (row: number, rank: number) => number
  /** Most images in one batch; fewer use its half, quarter or eighth. */
  readonly batchSize: number
}

/** An image under attack: its row in the gallery, and how far its runs are. */
export interface Place {
  readonly row: number
  readonly run: number
  /** Steps done of that run. */
  readonly step: number
}

/** An image in a batch with the numbers of its run. */
export interface Seat extends Place {
  readonly script: Script
}

/** The images of a batch, what they are attacked towards and where their attack stands. Rows beyond the seats fill the batch and are ignored. */
export interface Lane {
  readonly seats: readonly Seat[]
  readonly tensors: LaneTensors | null
}
export type LaneTensors = {
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly targets: Tensor1D
  readonly state: TensorTree
}

/** What a block of steps showed of one image: its first misclassified point that counts, else the counting one of lowest margin. */
export interface Catch {
  readonly isFound: boolean
  /** Every logit was a number. */
  readonly isFinite: boolean
  readonly prediction: number
  /** Infinity where no point counted. */
  readonly margin: number
  readonly distance: number
}

/** Seats for images at the beginning of a run. */
export function seatOf({ attack, seed, gallery }: Siege, place: Place, shape: ImageShape): Seat {
  return { ...place, script: attack.script({ seed, image: gallery.digests[place.row]!, run: place.run }, shape) }
}

/** The lane with only the seats `kept` (by number) and with new ones, whose images enter with `states` where they were under attack before. */
export async function reseated(
  siege: Siege,
  lane: Lane,
  kept: readonly number[],
  places: readonly Place[],
  states?: TensorTree,
): Promise<Lane> {
  const unchanged = places.length === 0 && kept.length === lane.seats.length
  const size = fittingBatchSize(kept.length + places.length, siege.batchSize)
  if (unchanged && lane.tensors?.images.shape[0] === size) return lane
  if (kept.length + places.length === 0) return emptied(lane)
  const entering = places.length > 0 ? await entered(siege, places, states) : null
  const from = lane.tensors?.images.shape[0] ?? 0
  const rows = padded([...kept, ...places.map((_, i) => from + i)], size)
  const tensors = tf.tidy(() => gatherRows(lane.tensors, entering && entering.tensors, rows))
  tf.dispose([lane.tensors ?? [], entering?.tensors ?? []] as never)
  return { seats: [...kept.map((seat) => lane.seats[seat]!), ...(entering?.seats ?? [])], tensors }
}

/** The lane without images. */
export function emptied(lane: Lane): Lane {
  if (lane.tensors) tf.dispose(lane.tensors as never)
  return { seats: [], tensors: null }
}

/** Some images on their places: at the start of a run, or with the states they had. */
async function entered(
  siege: Siege,
  places: readonly Place[],
  states?: TensorTree,
): Promise<Required<Lane> & { tensors: LaneTensors }> {
  const { gallery, attack, targetOf } = siege
  const images = await gallery.read(places.map(({ row }) => row))
  const shape = images.shape.slice(1) as unknown as ImageShape
  const seats = places.map((place) => seatOf(siege, place, shape))
  const tensors = tf.tidy((): LaneTensors => {
    const labels = tf.tensor1d(
      places.map(({ row }) => gallery.labels[row]!),
      'int32',
    )
    const aims = places.map(({ row, run }) => {
      const rank = attack.targetRank(run)
      return rank === null ? gallery.labels[row]! : targetOf(row, rank)
    })
    const state = states ? gatherRows(states, null, [...places.keys()]) : attack.enter(images, noiseOf(seats))
    return { images, labels, targets: tf.tensor1d(aims, 'int32'), state }
  })
  return { seats, tensors }
}

function noiseOf(seats: readonly Seat[]): Tensor2D {
  const width = seats[0]!.script.start.length
  const noise = new Float32Array(seats.length * width)
  seats.forEach(({ script }, i) => noise.set(script.start, i * width))
  return tf.tensor2d(noise, [seats.length, width])
}

/** What is seen in a block: whether and where each image fell, its lowest margin, and whether all logits were numbers. All but the point [batch]. */
type Seen = {
  readonly point: Tensor4D
  readonly found: Tensor1D
  readonly finite: Tensor1D
  readonly prediction: Tensor1D
  readonly margin: Tensor1D
  readonly distance: Tensor1D
}

/** What `steps` steps of every image show, and the lane after them. Images at the end of their run stand still. The caller disposes of the points. */
export async function besieged(
  siege: Siege,
  lane: Lane,
  steps: number,
): Promise<{ lane: Lane; catches: Catch[]; points: Tensor4D }> {
  let shown: Shown = { tensors: lane.tensors!, seen: nothingSeen(lane.tensors!.images) }
  try {
    for (let i = 0; i < steps; i++) {
      const next = tf.tidy(() => steppedOnce(siege, lane.seats, shown, i))
      releaseReplaced(shown, next)
      shown = next
    }
  } catch (error) {
    tf.dispose(shown as never)
    throw error
  }
  const { point, ...numbers } = shown.seen
  const catches = await catchesOf(numbers, lane.seats.length)
  const advanced = lane.seats.map((seat) => ({ ...seat, step: Math.min(seat.step + steps, siege.attack.steps) }))
  return { lane: { seats: advanced, tensors: shown.tensors }, catches, points: point }
}

type Shown = { readonly tensors: LaneTensors; readonly seen: Seen }

/** One step of every image: a function of tensors, but for the cues. */
function steppedOnce({ attack, ball, logits }: Siege, seats: readonly Seat[], { tensors, seen }: Shown, ahead: number): Shown {
  const { cues, live } = cuesOf(attack, seats, tensors.images.shape[0], ahead)
  const target: Target = { ...tensors, logits }
  const { state, ...glance } = attack.step(target, tensors.state, cues)
  return { tensors: { ...tensors, state }, seen: looked(ball, tensors, seen, glance, live) }
}

/** The cues of every seat's step, and which seats have one left. */
function cuesOf(attack: Attack, seats: readonly Seat[], batch: number, ahead: number): { cues: Tensor2D; live: Tensor1D } {
  const rows = seats.map(({ script, step }) => script.cue(Math.min(step + ahead, attack.steps - 1)))
  const cues = Array.from({ length: batch }, (_, i) => (rows[i] ?? rows[0]!) as number[])
  const live = Array.from({ length: batch }, (_, i) => (i < seats.length && seats[i]!.step + ahead < attack.steps ? 1 : 0))
  return { cues: tf.tensor2d(cues, [batch, cues[0]!.length], 'float32'), live: tf.tensor1d(live, 'float32') }
}

function nothingSeen(images: Tensor4D): Seen {
  return tf.tidy(() => {
    const none = (value: number) => tf.fill([images.shape[0]], value) as Tensor1D
    return {
      point: images.clone(),
      found: none(0),
      finite: none(1),
      prediction: none(-1),
      margin: none(Infinity),
      distance: none(0),
    }
  })
}

type Glance = { readonly point: Tensor4D; readonly prediction: Tensor1D; readonly margin: Tensor1D; readonly counts: Tensor1D }

/** What is seen after one more step: the first misclassification stays, until then the lowest margin does. */
function looked(ball: Ball, { images, labels }: LaneTensors, seen: Seen, glance: Glance, live: Tensor1D): Seen {
  const isOpen = live.mul(glance.counts).greater(0).logicalAnd(seen.found.equal(0))
  const isWrong = isOpen.logicalAnd(glance.prediction.notEqual(labels)) as Tensor1D
  const isBetter = isWrong.logicalOr(isOpen.logicalAnd(glance.margin.less(seen.margin))) as Tensor1D
  const distance = ball.size(glance.point.sub(images))
  const now = { prediction: glance.prediction.toFloat<Tensor1D>(), margin: glance.margin, distance }
  const before = { prediction: seen.prediction, margin: seen.margin, distance: seen.distance }
  const finite = seen.finite.minimum<Tensor1D>(tf.maximum(tf.sub(1, live), tf.isFinite(glance.margin).toFloat()))
  const found = seen.found.maximum<Tensor1D>(isWrong.toFloat())
  return { point: whichever(isWrong, glance.point, seen.point), found, finite, ...whichever(isBetter, now, before) }
}

/** Reads to the host, once a block. */
async function catchesOf({ found, finite, prediction, margin, distance }: Omit<Seen, 'point'>, count: number): Promise<Catch[]> {
  const together = tf.stack([found, finite, prediction, margin, distance], 1)
  const values = await together.data()
  tf.dispose([found, finite, prediction, margin, distance, together])
  return Array.from({ length: count }, (_, i) => ({
    isFound: values[5 * i] === 1,
    isFinite: values[5 * i + 1] === 1,
    prediction: values[5 * i + 2]!,
    margin: values[5 * i + 3]!,
    distance: values[5 * i + 4]!,
  }))
}
