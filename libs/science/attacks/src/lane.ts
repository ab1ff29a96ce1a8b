import {
  tf,
  tidyTree,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  type TensorTree,
} from '@gauntlet/engine'
import { stepsOf, type Attack, type Script } from './attack.ts'
import type { Ball } from './ball.ts'
import { gatherRows } from './batch-rows.ts'
import type { BlockRunner } from './block-programs.ts'
import type { BlockEnd } from './block.ts'
import { readPass, type Gallery } from './gallery.ts'
import type { LogitsFunction } from './loss.ts'
import { padded, passRows } from './pass-rows.ts'

/** What an attack is run against, and how. */
export interface Siege {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly gallery: Gallery
  readonly attack: Attack
  readonly seed: number
  /** The class that an image's run aims at. */
  readonly targetOf: (row: number, rank: number) => number
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

/**
 * The images of a batch, what they are attacked towards and where their attack stands. Rows beyond the seats fill the
 * batch and are ignored.
 */
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

/** What a block of steps showed of one image (`Seen`). */
export interface Catch {
  readonly isFound: boolean
  readonly isFinite: boolean
  readonly prediction: number
  readonly margin: number
  readonly distance: number
  readonly looks: number
  /** Whether the block went on after the find. */
  readonly isPassed: boolean
}

/** Seats for images at the beginning of a run. */
function seatOf({ attack, seed, gallery }: Siege, place: Place): Seat {
  return {
    ...place,
    script: attack.script({ seed, image: gallery.digests[place.row]!, run: place.run }, gallery.shape),
  }
}

/**
 * The lane with only the seats `kept` (by number) and with new ones, whose images enter with `states` where they were
 * under attack before.
 */
export async function reseated(
  siege: Siege,
  lane: Lane,
  kept: readonly number[],
  places: readonly Place[],
  states?: TensorTree,
): Promise<Lane> {
  if (places.length === 0 && kept.length === lane.seats.length) return lane
  if (kept.length + places.length === 0) return emptied(lane)
  const entering = places.length > 0 ? await entered(siege, places, states) : null
  const size = passRows(siege.gallery.shape)
  const from = lane.tensors ? size : 0
  const rows = padded([...kept, ...places.map((_, i) => from + i)], size)
  const tensors = tidyTree(() => gatherRows(lane.tensors, entering && entering.tensors, rows))
  tf.dispose([lane.tensors ?? [], entering?.tensors ?? []] as never)
  return { seats: [...kept.map((seat) => lane.seats[seat]!), ...(entering?.seats ?? [])], tensors }
}

/** The lane without images. */
export function emptied(lane: Lane): Lane {
  if (lane.tensors) tf.dispose(lane.tensors as never)
  return { seats: [], tensors: null }
}

/** Some images on their places: at the start of a run, or with the states they had; in as many rows as a pass has. */
async function entered(
  siege: Siege,
  places: readonly Place[],
  states?: TensorTree,
): Promise<Required<Lane> & { tensors: LaneTensors }> {
  const { gallery, attack, targetOf } = siege
  const images = await readPass(
    gallery,
    places.map(({ row }) => row),
  )
  const seats = places.map((place) => seatOf(siege, place))
  const rows = padded([...places.keys()], images.shape[0])
  const tensors = tidyTree((): LaneTensors => {
    const labels = places.map(({ row }) => gallery.labels[row]!)
    const aims = places.map(({ row, run }, i) => {
      const rank = attack.targetRank(run)
      return rank === null ? labels[i]! : targetOf(row, rank)
    })
    const ofRows = (values: readonly number[]) =>
      tf.tensor1d(
        rows.map((row) => values[row]!),
        'int32',
      )
    const state = states ? gatherRows(states, null, rows) : attack.enter(images, noiseOf(seats, rows))
    return { images, labels: ofRows(labels), targets: ofRows(aims), state }
  })
  return { seats, tensors }
}

function noiseOf(seats: readonly Seat[], rows: readonly number[]): Tensor2D {
  const width = seats[0]!.script.start.length
  const noise = new Float32Array(rows.length * width)
  rows.forEach((row, i) => noise.set(seats[row]!.script.start, i * width))
  return tf.tensor2d(noise, [rows.length, width])
}

/**
 * What a block of at most `steps` steps showed of every image of the lane, which is not changed. The state and the
 * points are the caller's to dispose of.
 */
export async function besieged(runner: BlockRunner, lane: Lane, steps: number): Promise<Foray> {
  const tensors = lane.tensors!
  const left = lane.seats.map(({ run, step }) => Math.min(steps, stepsOf(runner.attack, run) - step))
  const told = toldOf(runner, lane.seats, left, tensors.images.shape[0])
  const { state, seen, steps: done } = runner.run({ ...tensors, ...told })
  tf.dispose(told)
  const { point: points, ...numbers } = seen
  try {
    return { state, points, catches: await catchesOf(numbers, done, left) }
  } catch (error) {
    tf.dispose([state, points] as never)
    throw error
  }
}

/** What a block did: the attack's new state, what it showed of each seat and the points it showed. */
export interface Foray {
  readonly state: TensorTree
  readonly catches: readonly Catch[]
  readonly points: Tensor4D
}

/** The lane after a block. */
export function advanced(lane: Lane, { state, catches }: Foray): Lane {
  tf.dispose(lane.tensors!.state as never)
  const seats = lane.seats.map((seat, i) => ({ ...seat, step: seat.step + catches[i]!.looks }))
  return { seats, tensors: { ...lane.tensors!, state } }
}

/** The cues of every seat's next steps, and how many it may do; rows without a seat do none. */
function toldOf(
  { attack, steps }: BlockRunner,
  seats: readonly Seat[],
  left: readonly number[],
  batch: number,
): { cues: Tensor3D; left: Tensor1D } {
  const width = seats[0]!.script.cue(seats[0]!.step).length
  const cues = new Float32Array(steps * batch * width)
  for (const [row, { script, run, step }] of seats.entries())
    for (let i = 0; i < steps; i++)
      cues.set(script.cue(Math.min(step + i, stepsOf(attack, run) - 1)), (i * batch + row) * width)
  for (let row = seats.length; row < batch; row++)
    for (let at = 0; at < cues.length; at += batch * width) cues.copyWithin(at + row * width, at, at + width)
  const all = Float32Array.from({ length: batch }, (_, row) => left[row] ?? 0)
  return { cues: tf.tensor3d(cues, [steps, batch, width]), left: tf.tensor1d(all) }
}

/** Reads to the host, once a block. */
async function catchesOf(
  { found, finite, prediction, margin, distance, looks }: Omit<BlockEnd['seen'], 'point'>,
  steps: BlockEnd['steps'],
  left: readonly number[],
): Promise<Catch[]> {
  const together = tf.tidy(() =>
    tf.stack([found, finite, prediction, margin, distance, looks, steps.broadcastTo(found.shape)], 1),
  )
  const rows = (await together.array()) as [number, number, number, number, number, number, number][]
  tf.dispose([found, finite, prediction, margin, distance, looks, steps, together])
  return left.map((most, i) => {
    const [isFound, isFinite, predicted, lowest, far, looked, done] = rows[i]!
    const numbers = { prediction: predicted, margin: lowest, distance: far, looks: looked }
    return {
      isFound: isFound === 1,
      isFinite: isFinite === 1,
      ...numbers,
      isPassed: isFound === 1 && looked < Math.min(most, done),
    }
  })
}
