import { setImmediate as nextTurn } from 'node:timers/promises'
import { batchPositionInvariant, tf } from '@gauntlet/engine'
import { stepsOf, type Attack, type Cost } from './attack.ts'
import type { Ball } from './ball.ts'
import { blockRunner, type BlockRunner } from './block-programs.ts'
import { confirm, type Confirmation } from './confirmation.ts'
import { restoredStates, savedStates, type EnsembleProgress } from './ensemble-progress.ts'
import type { EnsembleVerdict } from './ensemble-verdict.ts'
import { askUnperturbed, passesOf, readPass, type CleanAnswer, type Gallery } from './gallery.ts'
import { advanced, besieged, emptied, reseated, type Foray, type Lane, type Place, type Siege } from './lane.ts'
import type { LogitsFunction } from './loss.ts'
import type { Network } from './network.ts'
import { passRows } from './pass-rows.ts'
import { judge, LogitsNotFinite, type Sighting, type Verdict } from './verdict.ts'

/** An ensemble of attacks on a model and some images. */
export interface Campaign {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly gallery: Gallery
  /** In order; each is given the images that held against those before. */
  readonly attacks: readonly Attack[]
  readonly seed: number
  /**
   * Most images under attack at once, and no more than a pass has rows (`passRows`); no bit of a verdict depends on it.
   */
  readonly batchSize: number
  /**
   * The same model with its weights as an argument, its batch norms folded (`frozenNetwork`): attacks are then captured
   * as programs and search on it.
   */
  readonly network?: Network | undefined
  /**
   * Most steps between two looks at the results; each attack has its own number unless given. No verdict depends on it.
   */
  readonly block?: number
  /** Asked between blocks. */
  readonly signal?: AbortSignal | undefined
  /** Called after every block with the verdicts so far: `save` gives what is needed to go on from there. */
  readonly onBlock?:
    ((save: () => Promise<EnsembleProgress>, verdicts: readonly EnsembleVerdict[]) => Promise<void> | void) | undefined
  /** Given each adversarial point as it is found, [height · width · channels]. */
  readonly onFallen?: ((row: number, point: Float32Array) => void) | undefined
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
}

/**
 * Attacks every image with one attack after the other until it falls. A batch of fixed size is kept full from the queue
 * of images that wait, an image leaves at its first misclassified point, and one that holds goes on to its next run and
 * then to the next attack: the reference's pointwise worst case (autoattack.py:168), since there too an image counts as
 * fallen if any iterate of any attack is misclassified. All noise is keyed by (seed, image, attack, run, step): no
 * verdict depends on the batch, the order, the shard or an interruption.
 *
 * A fallen image is not taken at the attack's word: its point is brought into ball and box, measured, and shown to the
 * model once more.
 */
export async function runEnsemble(given: Campaign, resumeFrom?: EnsembleProgress): Promise<EnsembleVerdict[]> {
  const network = given.network && { ...given.network, logits: batchPositionInvariant(given.network.logits) }
  const campaign = { ...given, network, logits: batchPositionInvariant(given.logits) }
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
  return { campaign, answers, verdicts, attack: 0, queue: survivors(verdicts), lane: noLane, rankings: new Map() }
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

/** One attack on all images of the queue. Its programs are captured when it has some, and freed after it. */
async function runAttack(field: Field): Promise<void> {
  const { campaign } = field
  const attack = campaign.attacks[field.attack]!
  await rankTargets(field, attack)
  const runner = blockRunner(attack, campaign)
  try {
    field.lane = await filled(field, attack, [...field.lane.seats.keys()])
    for (let most = runner.steps; field.lane.seats.length > 0;) {
      await nextTurn()
      campaign.signal?.throwIfAborted()
      const steps = await runBlock(field, runner, most)
      most = Math.min(2 * steps, runner.steps)
      await campaign.onBlock?.(() => progressOf(field), field.verdicts)
    }
  } finally {
    runner.dispose()
  }
}

/**
 * A block of at most `most` steps; gives how many it had. Where the block went on after a point that the search took
 * for misclassified and the model does not, it is done again up to that point, so that what follows it is looked at: as
 * if every step were a block.
 */
async function runBlock(field: Field, runner: BlockRunner, most: number): Promise<number> {
  const siege = siegeOf(field)
  const foray = await besieged(runner, field.lane, most)
  let confirmation: Confirmation | undefined
  let isTaken = false
  try {
    requireNumbers(siege, field.lane, foray)
    const { fallen } = (confirmation = await confirm(siege, field.lane, foray))
    const early = foray.catches.filter(({ isPassed }, seat) => isPassed && !fallen.has(seat)).map(({ looks }) => looks)
    if (early.length > 0) return await runBlock(field, runner, Math.min(...early))
    isTaken = true
    field.lane = advanced(field.lane, foray)
    await handOut(field, confirmation)
    settleAll(field, runner.attack, foray, confirmation)
    const kept = [...field.lane.seats.keys()].filter((seat) => !fallen.has(seat))
    field.lane = await filled(field, runner.attack, kept)
    return most
  } finally {
    tf.dispose([foray.points, confirmation?.points ?? [], isTaken ? [] : foray.state] as never)
  }
}

/**
 * The lane with the seats `kept` as far as their runs go on, then images at their next run, then images from the queue.
 */
async function filled(field: Field, attack: Attack, kept: readonly number[]): Promise<Lane> {
  const { lane, queue, campaign } = field
  const isDone = ({ run, step }: Place) => step === stepsOf(attack, run)
  const [staying, done] = [
    kept.filter((seat) => !isDone(lane.seats[seat]!)),
    kept.filter((seat) => isDone(lane.seats[seat]!)),
  ]
  const next = done.map((seat): Place => ({ row: lane.seats[seat]!.row, run: lane.seats[seat]!.run + 1, step: 0 }))
  const again = next.filter(({ run }) => run < attack.runs)
  const fresh = queue
    .splice(
      0,
      Math.max(Math.min(campaign.batchSize, passRows(campaign.gallery.shape)) - staying.length - again.length, 0),
    )
    .map((row): Place => ({ row, run: 0, step: 0 }))
  return reseated(siegeOf(field), lane, staying, [...again, ...fresh])
}

function requireNumbers({ gallery }: Siege, { seats }: Lane, { catches }: Foray): void {
  const seat = catches.findIndex(({ isFinite }) => !isFinite)
  if (seat < 0) return
  const image = gallery.digests[seats[seat]!.row]!
  throw new LogitsNotFinite(
    `The model's logits for image ${image} are not finite; evaluate a checkpoint that has not diverged.`,
  )
}

/** Gives each adversarial point away. */
async function handOut({ campaign, lane }: Field, { fallen, points }: Confirmation): Promise<void> {
  if (!campaign.onFallen || fallen.size === 0) return
  const values = (await points!.data()) as Float32Array
  const size = values.length / points!.shape[0]
  for (const [seat, i] of fallen) campaign.onFallen(lane.seats[seat]!.row, values.slice(i * size, (i + 1) * size))
}

/**
 * Writes what a block showed, the passes it took up to each find, and one for each point that was shown to the model
 * again.
 */
function settleAll(field: Field, attack: Attack, { catches }: Foray, { sightings }: Confirmation): void {
  catches.forEach(({ prediction, margin, distance, looks }, i) => {
    const seat = field.lane.seats[i]!
    const sighting = sightings.get(i) ?? { prediction, margin, distance }
    charge(field, seat.row, attack.cost, looks)
    if (sightings.has(i)) charge(field, seat.row, { forwards: 1, backwards: 0 }, 1)
    if (sighting.margin < Infinity) settle(field, seat, sighting, attack)
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
  verdicts[row] = {
    ...verdict,
    forwards: verdict.forwards + forwards * times,
    backwards: verdict.backwards + backwards * times,
  }
}

/** Ranks the target classes of all images of the queue, for an attack that does not take them by the clean logits. */
async function rankTargets(field: Field, { rank }: Attack): Promise<void> {
  const { campaign, queue, rankings } = field
  const rows = queue.filter((row) => !rankings.has(row))
  if (!rank) return
  for (const batch of passesOf(campaign.gallery, rows, campaign.batchSize)) {
    const images = await readPass(campaign.gallery, batch)
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
