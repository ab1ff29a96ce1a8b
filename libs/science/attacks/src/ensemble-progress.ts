import { leavesOf, tf, treeOf, type TensorTree } from '@gauntlet/engine'
import type { CleanAnswer } from './gallery.ts'
import type { Place } from './lane.ts'
import type { EnsembleVerdict } from './ensemble-verdict.ts'

/**
 * Where an ensemble stands between two blocks: plain numbers and arrays, to be written anywhere. Without `states` the
 * images under attack begin their present run again, with the same noise and thus the same verdict.
 */
export interface EnsembleProgress {
  /** Which attack of the ensemble runs. */
  readonly attack: number
  /** Rows that wait for it. */
  readonly queue: readonly number[]
  /** Rows under it. */
  readonly places: readonly Place[]
  /** The attack's own tensors, one row a place. */
  readonly states: readonly SavedTensor[]
  readonly verdicts: readonly EnsembleVerdict[]
  readonly answers: readonly CleanAnswer[]
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

/** The state as tensors again, which the caller disposes of; nothing where none was saved. */
export function restoredStates({ states }: EnsembleProgress): TensorTree | undefined {
  if (states.length === 0) return undefined
  return treeOf(states.map(({ name, shape, values }) => [name, tf.tensor(values, [...shape], 'float32')] as const))
}
