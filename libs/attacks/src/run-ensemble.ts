import { setImmediate as nextTurn } from 'node:timers/promises'
import { tf, type Tensor4D } from '@gauntlet/engine'
import type { Attack, Cost } from './attack.ts'
import type { Ball } from './ball.ts'
import { fittingBatchSize, padded } from './batch-size.ts'
import { restoredStates, savedStates, type EnsembleProgress } from './ensemble-progress.ts'
import { askUnperturbed, type CleanAnswer, type Gallery } from './gallery.ts'
import { besieged, emptied, reseated, type Catch, type Lane, type Place, type Siege } from './lane.ts'
import { marginOf, type LogitsFunction } from './loss.ts'
import { judge, LogitsNotFinite, reachOf, requireSound, type Sighting, type Verdict } from './verdict.ts'

/** An ensemble of attacks on a model and some images. */
export interface Campaign {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly gallery: Gallery
  /** In order; each is given the images that held against those before. */
  readonly attacks: readonly Attack[]
  readonly seed: number
  readonly batchSize: number
  /** Steps between two looks at the results; 1 unless given. No verdict depends on it. */
  readonly block?: number
  /** Asked between blocks. */
  readonly signal?: AbortSignal | undefined
  /** Called after every block: `save` gives what is needed to go on from there. */
  readonly onBlock?: ((save: () => Promise<EnsembleProgress>) => Promise<void> | void) | undefined
  /** Given each adversarial point as it is found, [height · width · channels]. */
  readonly onFallen?: ((row: number, point: Float32Array) => void) | undefined
}

/** What an ensemble did to one image. */
export interface EnsembleVerdict extends Verdict, Cost {
  /** The attack that felled it and its run; `clean` where it was wrong unperturbed; null where it held. */
  readonly felledBy: { readonly attack: string; readonly run: number } | null
}

/** Where a campaign stands: at which attack, who waits for it, who is under it, and the verdicts so far. */
interface Field {
  readonly campaign: Campaign
  readonly answers: readonly CleanAnswer[]
  readonly verdicts: EnsembleVerdict[]
  attack: number
  queue: number[]
  lane: Lane
  /** Classes by rank, for attacks that rank them in their own way. */
  rankings: Map<number, readonly number[]>
  reach: number
}

/**
 * Attacks every image with one attack after the other until it falls. A batch of fixed size is kept full from the queue of images that wait, an image leaves
 * at its first misclassified point, and one that holds goes on to its next run and then to the next attack: the reference's pointwise worst case
 * (autoattack.py:168), since there too an image counts as fallen if any iterate of any attack is misclassified. All noise is keyed by (seed, image, attack, run,
 * step): no verdict depends on the batch, the order, the shard or an interruption.
 *
 * A fallen image is not taken at the attack's word: its point is brought into ball and box, measured, and shown to the model once more.
 */
export async function runEnsemble(campaign: Campaign, resumeFrom?: EnsembleProgress): Promise<EnsembleVerdict[]> {
  const field = resumeFrom ? await reopened(campaign, resumeFrom) : await opened(campaign)
  try {
    for (; field.attack < campaign.attacks.length; field.attack++) {
      await runAttack(field)
      field.queue = survivors(field.verdicts)
      field.rankings = new Map()
    }
  } finally {
    field.lane = emptied(field.lane)
  }
  return field.verdicts
}

async function opened(campaign: Campaign): Promise<Field> {
  const { logits, gallery, batchSize } = campaign
  const answers = await askUnperturbed(logits, gallery, batchSize)
  const verdicts = answers.map((answer, row): EnsembleVerdict => {
    const verdict = judge(null, sightingOf(answer), gallery.labels[row]!)
    return { ...verdict, felledBy: verdict.held ? null : { attack: 'clean', run: 0 }, forwards: 1, backwards: 0 }
  })
  return { campaign, answers, verdicts, attack: 0, queue: survivors(verdicts), lane: noLane, rankings: new Map(), reach: 0 }
}

const noLane: Lane = { seats: [], tensors: null }

async function reopened(campaign: Campaign, progress: EnsembleProgress): Promise<Field> {
  const { attack, queue, places, answers } = progress
  const rankings = new Map(progress.rankings)
  const field: Field = {
    campaign,
    answers,
    attack,
    queue: [...queue],
    verdicts: [...progress.verdicts],
    lane: noLane,
    rankings,
    reach: 0,
  }
  if (places.length === 0) return field
  const states = restoredStates(progress)
  try {
    field.lane = await reseated(
      siegeOf(field),
      noLane,
      [],
      states ? places : places.map((place) => ({ ...place, step: 0 })),
      states,
    )
  } finally {
    if (states) tf.dispose(states as never)
  }
  return field
}

function sightingOf({ prediction, margin, distance }: Sighting): Sighting {
  return { prediction, margin, distance }
}

function survivors(verdicts: readonly Verdict[]): number[] {
  return [...verdicts.keys()].filter((row) => verdicts[row]!.held)
}

function siegeOf({ campaign, answers, attack, rankings }: Field): Siege {
  const targetOf = (row: number, rank: number) => (rankings.get(row) ?? answers[row]!.ranking)[rank]!
  return { ...campaign, attack: campaign.attacks[attack]!, targetOf }
}

/** One attack on all images of the queue. */
async function runAttack(field: Field): Promise<void> {
  const { campaign } = field
  const attack = campaign.attacks[field.attack]!
  await rankTargets(field, attack)
  const siege = siegeOf(field)
  field.lane = await filled(field, siege, [...field.lane.seats.keys()])
  while (field.lane.seats.length > 0) {
    await nextTurn()
    campaign.signal?.throwIfAborted()
    const before = field.lane
    const { lane, catches, points } = await besieged(siege, before, campaign.block ?? 1)
    field.lane = lane
    try {
      before.seats.forEach((seat, i) => charge(field, seat.row, attack.cost, lane.seats[i]!.step - seat.step))
      const fallen = await judged(field, siege, catches, points)
      const kept = [...lane.seats.keys()].filter((seat) => !fallen.has(seat))
      field.lane = await filled(field, siege, kept)
    } finally {
      points.dispose()
    }
    await campaign.onBlock?.(() => progressOf(field))
  }
}

/** The lane with the seats `kept` as far as their runs go on, then images at their next run, then images from the queue. */
async function filled(field: Field, { attack, batchSize }: Siege, kept: readonly number[]): Promise<Lane> {
  const { lane, queue } = field
  const [staying, done] = [
    kept.filter((seat) => lane.seats[seat]!.step < attack.steps),
    kept.filter((seat) => lane.seats[seat]!.step === attack.steps),
  ]
  const next = done.map((seat): Place => ({ row: lane.seats[seat]!.row, run: lane.seats[seat]!.run + 1, step: 0 }))
  const again = next.filter(({ run }) => run < attack.runs)
  const fresh = queue
    .splice(0, Math.max(batchSize - staying.length - again.length, 0))
    .map((row): Place => ({ row, run: 0, step: 0 }))
  return reseated(siegeOf(field), lane, staying, [...again, ...fresh])
}

/** The seats whose images fell, their verdicts written; the others keep their lowest margin. */
async function judged(field: Field, siege: Siege, catches: readonly Catch[], points: Tensor4D): Promise<Set<number>> {
  const { seats } = field.lane
  catches.forEach(({ isFinite }, i) => {
    if (!isFinite) throw notFinite(siege.gallery.digests[seats[i]!.row]!)
  })
  const found = [...catches.keys()].filter((seat) => catches[seat]!.isFound)
  const confirmed = found.length > 0 ? await confirm(field, siege, found, points) : new Set<number>()
  catches.forEach(({ isFound, margin, prediction, distance }, i) => {
    if (!isFound && margin < Infinity) settle(field, seats[i]!, { prediction, margin, distance }, siege.attack)
  })
  return confirmed
}

function notFinite(image: string): LogitsNotFinite {
  return new LogitsNotFinite(`The model's logits for image ${image} are not finite; evaluate a checkpoint that has not diverged.`)
}

/** Shows the points of the seats `found` to the model once more, brought into ball and box and measured; gives the seats whose images it then still misclassifies. */
async function confirm(field: Field, siege: Siege, found: readonly number[], points: Tensor4D): Promise<Set<number>> {
  const { lane } = field
  const { ball, logits, gallery, batchSize } = siege
  const rows = padded(found, fittingBatchSize(found.length, batchSize))
  const [answers, enforced] = tf.tidy(() => {
    const images = tf.gather(lane.tensors!.images, rows)
    const enforced = ball.project(tf.gather(points, rows), images)
    const answered = logits(enforced)
    const margin = marginOf(answered, tf.gather(lane.tensors!.labels, rows))
    return [tf.stack([answered.argMax(1).toFloat(), margin, ball.size(enforced.sub(images))], 1), enforced] as const
  })
  const values = (await answers.array()) as [number, number, number][]
  if (field.reach === 0) field.reach = reachOf(ball, points.shape.slice(1) as [number, number, number])
  const fallen = new Set<number>()
  for (const [i, seat] of found.entries()) {
    const { row } = lane.seats[seat]!
    const [prediction, margin, distance] = values[i]!
    const sighting = requireSound({ prediction, margin, distance }, gallery.digests[row]!, ball, field.reach)
    charge(field, row, { forwards: 1, backwards: 0 }, 1)
    settle(field, lane.seats[seat]!, sighting, siege.attack)
    if (!field.verdicts[row]!.held) fallen.add(seat)
  }
  if (field.campaign.onFallen) await handOut(field, lane, found, fallen, enforced)
  tf.dispose([answers, enforced])
  return fallen
}

async function handOut(
  { campaign }: Field,
  { seats }: Lane,
  found: readonly number[],
  fallen: ReadonlySet<number>,
  points: Tensor4D,
): Promise<void> {
  const values = (await points.data()) as Float32Array
  const size = values.length / points.shape[0]
  found.forEach((seat, i) => {
    if (fallen.has(seat)) campaign.onFallen!(seats[seat]!.row, values.slice(i * size, (i + 1) * size))
  })
}

/** Writes what a sighting adds to an image's verdict. */
function settle({ verdicts, campaign }: Field, { row, run }: Place, sighting: Sighting, { name }: Attack): void {
  const before = verdicts[row]!
  const { held, prediction, margin, distance } = judge(before, sighting, campaign.gallery.labels[row]!)
  verdicts[row] = { ...before, held, prediction, margin, distance, felledBy: held ? null : { attack: name, run } }
}

function charge({ verdicts }: Field, row: number, { forwards, backwards }: Cost, times: number): void {
  const verdict = verdicts[row]!
  verdicts[row] = { ...verdict, forwards: verdict.forwards + forwards * times, backwards: verdict.backwards + backwards * times }
}

/** Ranks the target classes of all images of the queue, for an attack that does not take them by the clean logits. */
async function rankTargets(field: Field, { rank }: Attack): Promise<void> {
  const { campaign, queue, rankings } = field
  const rows = queue.filter((row) => !rankings.has(row))
  if (!rank) return
  for (let first = 0; first < rows.length; first += campaign.batchSize) {
    const batch = rows.slice(first, first + campaign.batchSize)
    const images = await campaign.gallery.read(padded(batch, fittingBatchSize(batch.length, campaign.batchSize)))
    const { classes, forwards, backwards } = rank(campaign.logits, images)
    images.dispose()
    batch.forEach((row, i) => {
      rankings.set(row, classes[i]!)
      charge(field, row, { forwards, backwards }, 1)
    })
  }
}

async function progressOf({ attack, queue, lane, verdicts, answers, rankings }: Field): Promise<EnsembleProgress> {
  const places = lane.seats.map(({ row, run, step }) => ({ row, run, step }))
  const states = lane.tensors ? await savedStates(lane.tensors.state, places.length) : []
  return { attack, queue: [...queue], places, states, verdicts: [...verdicts], answers, rankings: [...rankings] }
}
