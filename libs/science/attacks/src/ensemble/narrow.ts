import { isDeepStrictEqual } from 'node:util'
import { leavesOf, tf, tidyTree, type Tensor } from '@gauntlet/engine'
import { rowsOf, type AttackBatch } from './attack-batch.ts'
import { stepsOf } from '../attack/attack.ts'
import { gatherRows } from '../attack/batch-rows.ts'
import type { BlockRunner, Pace } from './block-programs.ts'
import { blockResultOf } from './block-result.ts'
import type { EnsembleState } from './ensemble-state.ts'
import { narrowerRows, paddedRows } from './pass-rows.ts'

/** Steps by which numbers of rows are compared. */
const comparedSteps = 5
/** How many times its price the time must be that fewer rows would save if no image fell any more. */
const worthwhile = 2

/**
 * Goes on with fewer rows where few runs are left and so much of them is still to be done that another program pays.
 * Kernels choose by the number of rows in which order they add, so that fewer rows are taken only if the next
 * steps of these very runs, by this attack's program on this model and device, have the same bits with them: all states
 * and all that is told of each point. Orders of adding differ by shapes alone, and another order shows in the last bits
 * of some of these numbers. So no bit of a verdict depends on when, or whether, an attack is narrowed.
 * `compared` has the numbers of rows that were compared in this attack, and is added to.
 */
export async function narrow(ensemble: EnsembleState, runner: BlockRunner, compared: Set<number>): Promise<void> {
  const { batch, task } = ensemble
  if (!runner.pace || isRefilled(ensemble)) return
  const rows = rowsOf(batch, task.imageSet)
  const pays = paysOff(runner.pace, stepsLeft(ensemble), rows)
  const untried = narrowerRows(rows, batch.slots.length).filter((fewer) => !compared.has(fewer) && pays(fewer))
  if (untried.length === 0) return
  const expected = await nextSteps(runner, batch)
  for (const fewer of untried) {
    compared.add(fewer)
    const narrower = withRows(batch, fewer)
    const isSame = isDeepStrictEqual(await nextSteps(runner, narrower), expected)
    tf.dispose((isSame ? batch : narrower).tensors as never)
    runner.keepOnly(isSame ? fewer : rows)
    if (!isSame) continue
    ensemble.batch = narrower
    return
  }
}

/** Whether an image will need another row. */
function isRefilled({ task, attack, queue, images }: EnsembleState): boolean {
  return queue.length > 0 || [...images.values()].some((runs) => runs.hasMore(task.attacks[attack]!))
}

/** Steps of the run that has most of them left. */
function stepsLeft({ task, attack, batch }: EnsembleState): number {
  return Math.max(...batch.slots.map(({ run, step }) => stepsOf(task.attacks[attack]!, run) - step))
}

/** Tells whether so many steps with fewer rows save enough to load another program and to compare the two. */
function paysOff({ loading, step }: Pace, steps: number, rows: number): (fewer: number) => boolean {
  return (fewer) => {
    const ofStep = (fewer / rows) * step
    return steps * (step - ofStep) > worthwhile * (loading + comparedSteps * (step + ofStep))
  }
}

/** The batch with another number of rows. The one that it is made of stays as it is. */
function withRows({ slots, tensors }: AttackBatch, rows: number): AttackBatch {
  return { slots, tensors: tidyTree(() => gatherRows(tensors, null, paddedRows([...slots.keys()], rows))) }
}

/** What the next steps of a batch give: the bits of the states and of the points, and what is told of each slot. */
async function nextSteps(runner: BlockRunner, batch: AttackBatch): Promise<unknown> {
  const { state, points, slots } = await blockResultOf(runner, batch, comparedSteps)
  try {
    const tensors = [...leavesOf(state).map(([, tensor]) => tensor), points]
    return [slots, ...(await Promise.all(tensors.map((tensor) => bitsOfFirst(slots.length, tensor))))]
  } finally {
    tf.dispose([state, points] as never)
  }
}

async function bitsOfFirst(rows: number, tensor: Tensor): Promise<Uint32Array> {
  const part = tf.tidy(() => tensor.slice([0], [rows]))
  const { buffer, byteOffset, length } = await part.data()
  part.dispose()
  return new Uint32Array(buffer as ArrayBuffer, byteOffset, length)
}
