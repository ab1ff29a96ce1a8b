import { tf, type Tensor1D, type Tensor3D, type Tensor4D, type TensorTree } from '@gauntlet/engine'
import { stepsOf } from '../attack/attack.ts'
import type { AttackBatch, BatchSlot } from './attack-batch.ts'
import type { BlockRunner } from './block-programs.ts'
import type { BlockInput, BlockOutput } from './block.ts'
import type { PointPrediction } from './verdict.ts'

/** What a block did, read to the host. The caller disposes of the tensors. */
export interface BlockResult {
  /** The attack's new state. */
  readonly state: TensorTree
  /** By slot. */
  readonly slots: readonly SlotResult[]
  /** Steps that the block took. */
  readonly steps: number
  /** The misclassified points, one a row (`DecidingPoints`). */
  readonly points: Tensor4D
}

/** What a block found for the image of one slot: the prediction at its deciding point (`DecidingPoints`). */
export interface SlotResult extends PointPrediction {
  readonly isMisclassified: boolean
  readonly isFinite: boolean
  readonly stepsTaken: number
  /** Whether the block went on after the misclassified point. */
  readonly isPassed: boolean
}

/** What a block was allowed and cost. */
export interface BlockWork {
  /** Most steps that it was allowed to take. */
  readonly allowed: number
  /** Rows of all its passes, those included that only fill them. */
  readonly rows: number
}

/** Runs a block of at most `steps` steps. The batch and its tensors stay as they are. */
export async function blockResultOf(runner: BlockRunner, batch: AttackBatch, steps: number): Promise<BlockResult> {
  const tensors = batch.tensors!
  const stepsLeft = batch.slots.map(({ run, step }) => Math.min(steps, stepsOf(runner.attack, run) - step))
  const inputs = stepInputsOf(runner, batch.slots, stepsLeft, tensors.images.shape[0])
  const begun = performance.now()
  const { state, deciding, steps: taken } = ranOn(runner, { ...tensors, ...inputs }, inputs)
  const { point: points, ...numbers } = deciding
  try {
    const read = await numbersOf(numbers, taken, stepsLeft)
    runner.took((performance.now() - begun) / 1000, read.steps)
    return { state, points, ...read }
  } catch (error) {
    tf.dispose([state, points] as never)
    throw error
  }
}

/** What a block gives. `passing` is disposed of, also where the block fails. */
function ranOn(runner: BlockRunner, input: BlockInput, passing: TensorTree): BlockOutput {
  try {
    return runner.run(input)
  } finally {
    tf.dispose(passing as never)
  }
}

/** The batch after a block. The state before it is disposed of. */
export function advanced(batch: AttackBatch, { state, slots: results }: BlockResult): AttackBatch {
  tf.dispose(batch.tensors!.state as never)
  const slots = batch.slots.map((slot, i) => ({ ...slot, step: slot.step + results[i]!.stepsTaken }))
  return { slots, tensors: { ...batch.tensors!, state } }
}

/** The inputs of every slot's next steps, and how many it may take. Rows without a slot may take none. */
function stepInputsOf(
  { attack, steps }: BlockRunner,
  slots: readonly BatchSlot[],
  stepsLeft: readonly number[],
  rows: number,
): { stepInputs: Tensor3D; stepsLeft: Tensor1D } {
  const width = slots[0]!.inputs.stepInput(slots[0]!.step).length
  const numbers = new Float32Array(steps * rows * width)
  for (const [row, { inputs, run, step }] of slots.entries())
    for (let i = 0; i < steps; i++)
      numbers.set(inputs.stepInput(Math.min(step + i, stepsOf(attack, run) - 1)), (i * rows + row) * width)
  for (let row = slots.length; row < rows; row++)
    for (let at = 0; at < numbers.length; at += rows * width) numbers.copyWithin(at + row * width, at, at + width)
  const left = Float32Array.from({ length: rows }, (_, row) => stepsLeft[row] ?? 0)
  return { stepInputs: tf.tensor3d(numbers, [steps, rows, width]), stepsLeft: tf.tensor1d(left) }
}

/** Reads a block's numbers to the host, all at once, and disposes of them. */
async function numbersOf(
  numbers: Omit<BlockOutput['deciding'], 'point'>,
  steps: BlockOutput['steps'],
  stepsLeft: readonly number[],
): Promise<Pick<BlockResult, 'slots' | 'steps'>> {
  const { misclassified, finite, prediction, margin, distance, stepsTaken } = numbers
  const all = [misclassified, finite, prediction, margin, distance, stepsTaken]
  const together = tf.tidy(() => tf.stack([...all, steps.broadcastTo(misclassified.shape)], 1))
  const rows = (await together.array()) as [number, number, number, number, number, number, number][]
  tf.dispose([...all, steps, together])
  const slots = stepsLeft.map((most, i): SlotResult => {
    const [isWrong, isFinite, predicted, lowest, far, taken, ofBlock] = rows[i]!
    return {
      isMisclassified: isWrong === 1,
      isFinite: isFinite === 1,
      prediction: predicted,
      margin: lowest,
      distance: far,
      stepsTaken: taken,
      isPassed: isWrong === 1 && taken < Math.min(most, ofBlock),
    }
  })
  return { slots, steps: rows[0]![6] }
}
