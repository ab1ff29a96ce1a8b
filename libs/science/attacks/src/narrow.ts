import { isDeepStrictEqual } from 'node:util'
import { leavesOf, tf, tidyTree, type Tensor } from '@gauntlet/engine'
import { rowsOf, type AttackBatch } from './attack-batch.ts'
import { stepsOf } from './attack.ts'
import { gatherRows } from './batch-rows.ts'
import type { BlockRunner } from './block-programs.ts'
import { blockResultOf } from './block-result.ts'
import type { EnsembleState } from './ensemble-state.ts'
import { narrowerRows, paddedRows } from './pass-rows.ts'

/** Steps that are still to be taken below which another program costs more than its smaller passes save. */
const worthwhile = 400
/** Steps by which numbers of rows are compared. */
const comparedSteps = 5

/**
 * Goes on with fewer rows where few runs are left that still have many steps (Square's queries on the images that
 * held). Kernels choose by the number of rows in which order they add, so that fewer rows are taken only if the next
 * steps of these very runs, by this attack's program on this model and device, have the same bits with them: all states
 * and all that is told of each point. Orders of adding differ by shapes alone, and another order shows in the last bits
 * of some of these numbers. So no bit of a verdict depends on when, or whether, an attack is narrowed.
 * `compared` has the numbers of rows that were compared in this attack, and is added to.
 */
export async function narrow(ensemble: EnsembleState, runner: BlockRunner, compared: Set<number>): Promise<void> {
  const { batch, task } = ensemble
  if (!isWorthwhile(ensemble)) return
  const rows = rowsOf(batch, task.imageSet)
  const untried = narrowerRows(rows, batch.slots.length).filter((fewer) => !compared.has(fewer))
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

/** Whether no image will need another row, and a run has many steps left. */
function isWorthwhile({ task, attack: index, queue, images, batch }: EnsembleState): boolean {
  const attack = task.attacks[index]!
  if (queue.length > 0 || [...images.values()].some((runs) => runs.hasMore(attack))) return false
  return batch.slots.some(({ run, step }) => stepsOf(attack, run) - step >= worthwhile)
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
