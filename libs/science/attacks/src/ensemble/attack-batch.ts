import { tf, tidyTree, type Tensor1D, type Tensor2D, type Tensor4D, type TensorTree } from '@gauntlet/engine'
import type { Attack, RunInputs } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import { gatherRows } from '../attack/batch-rows.ts'
import { readPass, type ImageSet } from './image-set.ts'
import type { LogitsFunction } from '../attack/loss.ts'
import { paddedRows, passRows } from './pass-rows.ts'

/** One attack, and what it is run on. */
export interface AttackTask {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly imageSet: ImageSet
  readonly attack: Attack
  readonly seed: number
  /** The class of a rank on an image (`Attack.targetRank`). */
  readonly targetOf: (row: number, rank: number) => number
}

/** How far the attack on one image is. */
export interface RunPosition {
  /** The image's row in the image set. */
  readonly row: number
  readonly run: number
  /** Steps of that run that are done. */
  readonly step: number
}

/** A slot of a batch: the image that is in it, and the inputs of its run. */
export interface BatchSlot extends RunPosition {
  readonly inputs: RunInputs
}

/** The images that are under attack together. Rows of the tensors beyond the slots only fill the batch. */
export interface AttackBatch {
  readonly slots: readonly BatchSlot[]
  /** Null where there are no slots. */
  readonly tensors: BatchTensors | null
}

/** As many rows as a pass has (`passRows`), or fewer that give the same bits (`narrow`). */
export type BatchTensors = {
  readonly images: Tensor4D
  readonly labels: Tensor1D
  readonly targets: Tensor1D
  readonly state: TensorTree
}

export const emptyBatch: AttackBatch = { slots: [], tensors: null }

/**
 * The batch with only the slots `kept` (by number) and with new ones at these positions. New images begin with `states`
 * where they were under attack before. The tensors of the batch handed in are disposed of, unless it stays as it is.
 */
export async function refilled(
  task: AttackTask,
  batch: AttackBatch,
  kept: readonly number[],
  positions: readonly RunPosition[],
  states?: TensorTree,
): Promise<AttackBatch> {
  if (positions.length === 0 && kept.length === batch.slots.length) return batch
  if (kept.length + positions.length === 0) return emptied(batch)
  const added = positions.length > 0 ? await filledSlots(task, positions, states) : null
  const size = rowsOf(batch, task.imageSet)
  const from = batch.tensors ? size : 0
  const rows = paddedRows([...kept, ...positions.map((_, i) => from + i)], size)
  const tensors = tidyTree(() => gatherRows(batch.tensors, added && added.tensors, rows))
  tf.dispose([batch.tensors ?? [], added?.tensors ?? []] as never)
  return { slots: [...kept.map((slot) => batch.slots[slot]!), ...(added?.slots ?? [])], tensors }
}

/** Rows of an attack's steps: those that the batch has, or while it is empty those of a pass. */
export function rowsOf({ tensors }: AttackBatch, { shape }: ImageSet): number {
  return tensors?.images.shape[0] ?? passRows(shape)
}

/** The empty batch, once the tensors of this one are disposed of. */
export function emptied(batch: AttackBatch): AttackBatch {
  if (batch.tensors) tf.dispose(batch.tensors as never)
  return emptyBatch
}

/** Slots with images at these positions: at the start of a run, or with the states that they had. */
async function filledSlots(
  task: AttackTask,
  positions: readonly RunPosition[],
  states?: TensorTree,
): Promise<{ slots: BatchSlot[]; tensors: BatchTensors }> {
  const { imageSet, attack, targetOf } = task
  const images = await readPass(
    imageSet,
    positions.map(({ row }) => row),
  )
  const slots = positions.map((position) => slotOf(task, position))
  const rows = paddedRows([...positions.keys()], images.shape[0])
  const tensors = tidyTree((): BatchTensors => {
    const labels = positions.map(({ row }) => imageSet.labels[row]!)
    const targets = positions.map(({ row, run }, i) => {
      const rank = attack.targetRank(run)
      return rank === null ? labels[i]! : targetOf(row, rank)
    })
    const ofRows = (values: readonly number[]) =>
      tf.tensor1d(
        rows.map((row) => values[row]!),
        'int32',
      )
    const state = states ? gatherRows(states, null, rows) : attack.initialState(images, noiseOf(slots, rows))
    return { images, labels: ofRows(labels), targets: ofRows(targets), state }
  })
  return { slots, tensors }
}

function slotOf({ attack, seed, imageSet }: AttackTask, position: RunPosition): BatchSlot {
  const key = { seed, image: imageSet.digests[position.row]!, run: position.run }
  return { ...position, inputs: attack.runInputs(key, imageSet.shape) }
}

/** The noise of the slots in these rows, [rows, length of a run's noise]. */
function noiseOf(slots: readonly BatchSlot[], rows: readonly number[]): Tensor2D {
  const width = slots[0]!.inputs.noise.length
  const noise = new Float32Array(rows.length * width)
  rows.forEach((row, i) => noise.set(slots[row]!.inputs.noise, i * width))
  return tf.tensor2d(noise, [rows.length, width])
}
