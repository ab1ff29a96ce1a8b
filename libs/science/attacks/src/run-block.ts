import { tf } from '@gauntlet/engine'
import { refilled, type AttackBatch, type RunPosition } from './attack-batch.ts'
import { stepsOf, type Attack } from './attack.ts'
import type { BlockRunner } from './block-programs.ts'
import { advanced, blockResultOf, type BlockResult } from './block-result.ts'
import { confirm, type Confirmation } from './confirmation.ts'
import { addPasses, attackTaskOf, type EnsembleState } from './ensemble-state.ts'
import { passRows } from './pass-rows.ts'
import { LogitsNotFinite, verdictAfter, type PointPrediction } from './verdict.ts'

/**
 * Runs a block of at most `most` steps and gives how many it was allowed. Where the block went on after a point that
 * the search takes for misclassified and the model does not, it is run again up to that point: so the points after it
 * are evaluated too, as if every step were a block.
 */
export async function runBlock(ensemble: EnsembleState, runner: BlockRunner, most: number): Promise<number> {
  const task = attackTaskOf(ensemble)
  const result = await blockResultOf(runner, ensemble.batch, most)
  let confirmation: Confirmation | undefined
  let isTaken = false
  try {
    requireNumbers(ensemble, result)
    const { fallen } = (confirmation = await confirm(task, ensemble.batch, result))
    const early = result.slots
      .filter(({ isPassed }, slot) => isPassed && !fallen.has(slot))
      .map(({ stepsTaken }) => stepsTaken)
    if (early.length > 0) return await runBlock(ensemble, runner, Math.min(...early))
    isTaken = true
    ensemble.batch = advanced(ensemble.batch, result)
    await reportFallen(ensemble, confirmation)
    recordAll(ensemble, runner.attack, result, confirmation)
    const kept = [...ensemble.batch.slots.keys()].filter((slot) => !fallen.has(slot))
    ensemble.batch = await refilledFromQueue(ensemble, runner.attack, kept)
    return most
  } finally {
    tf.dispose([result.points, confirmation?.points ?? [], isTaken ? [] : result.state] as never)
  }
}

/**
 * The batch, filled again: with the slots of `kept` whose run goes on, with the images of those whose run is done at
 * their next run, and with images from the queue.
 */
export async function refilledFromQueue(
  ensemble: EnsembleState,
  attack: Attack,
  kept: readonly number[],
): Promise<AttackBatch> {
  const { batch, queue, task } = ensemble
  const isDone = ({ run, step }: RunPosition) => step === stepsOf(attack, run)
  const [going, done] = [false, true].map((wanted) => kept.filter((slot) => isDone(batch.slots[slot]!) === wanted)) as [
    number[],
    number[],
  ]
  const next = done
    .map((slot) => batch.slots[slot]!)
    .map(({ row, run }): RunPosition => ({ row, run: run + 1, step: 0 }))
    .filter(({ run }) => run < attack.runs)
  const free = Math.min(task.batchSize, passRows(task.imageSet.shape)) - going.length - next.length
  const fresh = queue.splice(0, Math.max(free, 0)).map((row): RunPosition => ({ row, run: 0, step: 0 }))
  return refilled(attackTaskOf(ensemble), batch, going, [...next, ...fresh])
}

function requireNumbers({ task, batch }: EnsembleState, { slots }: BlockResult): void {
  const slot = slots.findIndex(({ isFinite }) => !isFinite)
  if (slot >= 0) throw new LogitsNotFinite(task.imageSet.digests[batch.slots[slot]!.row]!)
}

async function reportFallen({ task, batch }: EnsembleState, { fallen, points }: Confirmation): Promise<void> {
  if (!task.onFallen || fallen.size === 0) return
  const values = (await points!.data()) as Float32Array
  const size = values.length / points!.shape[0]
  for (const [slot, i] of fallen) task.onFallen(batch.slots[slot]!.row, values.slice(i * size, (i + 1) * size))
}

/**
 * Writes into the verdicts what a block found and the passes that it took: those of its steps, and one for each point
 * that was confirmed.
 */
function recordAll(
  ensemble: EnsembleState,
  attack: Attack,
  { slots }: BlockResult,
  { predictions }: Confirmation,
): void {
  slots.forEach(({ prediction, margin, distance, stepsTaken }, i) => {
    const slot = ensemble.batch.slots[i]!
    const point = predictions.get(i) ?? { prediction, margin, distance }
    addPasses(ensemble, slot.row, attack.cost, stepsTaken)
    if (predictions.has(i)) addPasses(ensemble, slot.row, { forwards: 1, backwards: 0 }, 1)
    if (point.margin < Infinity) record(ensemble, slot, point, attack)
  })
}

/** Writes what one point changes about an image's verdict. */
function record(
  { verdicts, task }: EnsembleState,
  { row, run }: RunPosition,
  point: PointPrediction,
  { name }: Attack,
): void {
  const before = verdicts[row]!
  const { held, prediction, margin, distance } = verdictAfter(before, point, task.imageSet.labels[row]!)
  verdicts[row] = { ...before, held, prediction, margin, distance, felledBy: held ? null : { attack: name, run } }
}
