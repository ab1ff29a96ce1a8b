import { leavesOf, tf, treeOf, type TensorTree } from '@gauntlet/engine'
import type { RunPosition } from './attack-batch.ts'
import type { CleanPrediction } from './clean-prediction.ts'
import type { EnsembleVerdict } from './ensemble-verdict.ts'
import type { SavedRuns } from './image-runs.ts'

/**
 * How far an ensemble is between two blocks: plain numbers and arrays, to be written anywhere. Without `states` the
 * images under attack begin the run whose turn it is again, with the same noise and thus to the same verdict.
 */
export interface EnsembleProgress {
  /** Which attack of the ensemble runs. */
  readonly attack: number
  /** Rows of the images that wait for it. */
  readonly queue: readonly number[]
  /** The images that are under it. */
  readonly images: readonly SavedRuns[]
  /** Their runs. */
  readonly positions: readonly RunPosition[]
  /** The attack's own tensors, with one row a position. */
  readonly states: readonly SavedTensor[]
  readonly verdicts: readonly EnsembleVerdict[]
  readonly cleanPredictions: readonly CleanPrediction[]
  /** Target classes by rank, where the attack ranks them in its own way. */
  readonly rankings: readonly (readonly [row: number, classes: readonly number[]])[]
}

/** A tensor of float32 numbers under its name. */
export interface SavedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The first `rows` rows of every tensor of a state. */
export async function savedStates(state: TensorTree, rows: number): Promise<SavedTensor[]> {
  return Promise.all(
    leavesOf(state).map(async ([name, tensor]) => {
      const part = tf.tidy(() => tensor.slice([0], [rows]))
      const values = (await part.data()) as Float32Array
      const { shape } = part
      part.dispose()
      return { name, shape, values }
    }),
  )
}

/** The saved state as tensors, which the caller disposes of; undefined where none was saved. */
export function restoredStates({ states }: EnsembleProgress): TensorTree | undefined {
  if (states.length === 0) return undefined
  return treeOf(states.map(({ name, shape, values }) => [name, tf.tensor(values, [...shape], 'float32')] as const))
}
