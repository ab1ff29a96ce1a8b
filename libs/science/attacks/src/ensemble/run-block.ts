import { tf } from '@gauntlet/engine'
import { refilled, rowsOf, type AttackBatch, type RunPosition } from './attack-batch.ts'
import { stepsOf, type Attack } from '../attack/attack.ts'
import type { BlockRunner } from './block-programs.ts'
import { advanced, blockResultOf, type BlockResult, type BlockWork } from './block-result.ts'
import { confirm, type Confirmation } from './confirmation.ts'
import { addPasses, attackTaskOf, type EnsembleState } from './ensemble-state.ts'
import { ImageRuns, runsAhead, type RunAhead } from './image-runs.ts'
import { LogitsNotFinite, verdictAfter, type PointPrediction } from './verdict.ts'

/**
 * Runs a block of at most `most` steps. Where the block went on after a point that the search takes for misclassified
 * and the model does not, it is run again up to that point: so the points after it are evaluated too, as if every step
 * were a block.
 */
export async function runBlock(ensemble: EnsembleState, runner: BlockRunner, most: number): Promise<BlockWork> {
  const task = attackTaskOf(ensemble)
  const result = await blockResultOf(runner, ensemble.batch, most)
  const rows = result.steps * rowsOf(ensemble.batch, task.imageSet)
  let confirmation: Confirmation | undefined
  let isTaken = false
  try {
    requireNumbers(ensemble, result)
    const { fallen } = (confirmation = await confirm(task, ensemble.batch, result))
    const early = result.slots
      .filter(({ isPassed }, slot) => isPassed && !fallen.has(slot))
      .map(({ stepsTaken }) => stepsTaken)
    if (early.length > 0) {
      const again = await runBlock(ensemble, runner, Math.min(...early))
      return { ...again, rows: rows + again.rows }
    }
    isTaken = true
    ensemble.batch = advanced(ensemble.batch, result)
    const points = await fellingPoints(ensemble, confirmation)
    const over = recordAll(ensemble, runner.attack, { result, confirmation, points })
    ensemble.batch = await refilledFromQueue(ensemble, runner.attack, openSlots(ensemble, over))
    return { allowed: most, rows }
  } finally {
    tf.dispose([result.points, confirmation?.points ?? [], isTaken ? [] : result.state] as never)
  }
}

/**
 * The batch, filled again: with the slots `going`, with the images whose run is over at their next run, with images
 * from the queue, and where nothing waits with runs ahead of their turn.
 */
export async function refilledFromQueue(
  ensemble: EnsembleState,
  attack: Attack,
  going: readonly number[],
): Promise<AttackBatch> {
  const { batch, queue, images, task } = ensemble
  const running = new Set(
    going
      .map((slot) => batch.slots[slot]!)
      .filter(isLead(ensemble))
      .map(({ row }) => row),
  )
  const next = [...images].filter(([row]) => !running.has(row)).map(([row, { lead: run }]) => ({ row, run, step: 0 }))
  const room = Math.min(task.batchSize, rowsOf(batch, task.imageSet))
  const fresh = queue.splice(0, Math.max(room - going.length - next.length, 0))
  for (const row of fresh) images.set(row, new ImageRuns())
  const first = [...next, ...fresh.map((row): RunPosition => ({ row, run: 0, step: 0 }))]
  const ahead = runsAhead(attack, images, task.imageSet.labels, room - going.length - first.length)
  return refilled(attackTaskOf(ensemble), batch, going, [...first, ...ahead])
}

/** Whether it is the turn of a position's run. */
function isLead({ images }: EnsembleState): (position: RunPosition) => boolean {
  return ({ row, run }) => images.get(row)!.lead === run
}

/** The slots that go on: their run is not over, and what it will find may still count. */
function openSlots({ batch, images }: EnsembleState, over: ReadonlySet<number>): number[] {
  return [...batch.slots.keys()].filter((slot) => {
    const { row, run } = batch.slots[slot]!
    return !over.has(slot) && images.get(row)?.isOpen(run) === true
  })
}

function requireNumbers({ task, batch }: EnsembleState, { slots }: BlockResult): void {
  const slot = slots.findIndex(({ isFinite }) => !isFinite)
  if (slot >= 0) throw new LogitsNotFinite(task.imageSet.digests[batch.slots[slot]!.row]!)
}

/** The adversarial points of a block by slot, if anybody wants them. */
async function fellingPoints({ task }: EnsembleState, { fallen, points }: Confirmation) {
  if (!task.onFallen || fallen.size === 0) return new Map<number, Float32Array>()
  const values = (await points!.data()) as Float32Array
  const size = values.length / points!.shape[0]
  return new Map([...fallen].map(([slot, i]) => [slot, values.slice(i * size, (i + 1) * size)] as const))
}

interface BlockFindings {
  readonly result: BlockResult
  readonly confirmation: Confirmation
  readonly points: ReadonlyMap<number, Float32Array>
}

/**
 * Records what a block found and the passes that it took: those of its steps, and one for each point that was
 * confirmed. Gives the slots whose run is over.
 */
function recordAll(
  ensemble: EnsembleState,
  attack: Attack,
  { result, confirmation: { predictions, fallen }, points }: BlockFindings,
): ReadonlySet<number> {
  const { batch, images, task } = ensemble
  const findings = batch.slots.map((position, slot): RunAhead => {
    const { prediction, margin, distance, stepsTaken } = result.slots[slot]!
    const point = predictions.get(slot) ?? { prediction, margin, distance }
    return {
      point: point.margin < Infinity ? point : null,
      forwards: attack.cost.forwards * stepsTaken + (predictions.has(slot) ? 1 : 0),
      backwards: attack.cost.backwards * stepsTaken,
      isOver: fallen.has(slot) || position.step === stepsOf(attack, position.run),
      felling: points.get(slot),
    }
  })
  const isOfLead = batch.slots.map(isLead(ensemble))
  // First what went ahead, so that a run whose turn comes now has all that it found.
  batch.slots.forEach(({ row, run }, slot) => {
    if (!isOfLead[slot]) images.get(row)!.add(run, findings[slot]!, task.imageSet.labels[row]!)
  })
  batch.slots.forEach(({ row }, slot) => {
    if (isOfLead[slot]) count(ensemble, attack, row, findings[slot]!)
  })
  return new Set([...findings.keys()].filter((slot) => findings[slot]!.isOver))
}

/**
 * Counts what the run of an image found whose turn it is. Once that is over, so do the next ones that went ahead; an
 * image that has fallen or has no run left is done with.
 */
function count(ensemble: EnsembleState, attack: Attack, row: number, found: RunAhead): void {
  const { images, verdicts, task } = ensemble
  const runs = images.get(row)!
  for (let next: RunAhead | undefined = found; next; next = next.isOver ? runs.takeTurn() : undefined) {
    addPasses(ensemble, row, next, 1)
    if (next.point) record(ensemble, { row, run: runs.lead }, next.point, attack)
    if (!verdicts[row]!.held) {
      images.delete(row)
      if (next.felling) task.onFallen?.(row, next.felling)
      return
    }
  }
  if (runs.lead === attack.runs) images.delete(row)
}

/** Writes what one point changes about an image's verdict. */
function record(
  { verdicts, task }: EnsembleState,
  { row, run }: Omit<RunPosition, 'step'>,
  point: PointPrediction,
  { name }: Attack,
): void {
  const before = verdicts[row]!
  const { held, prediction, margin, distance } = verdictAfter(before, point, task.imageSet.labels[row]!)
  verdicts[row] = { ...before, held, prediction, margin, distance, felledBy: held ? null : { attack: name, run } }
}
