import type { ParameterSpecification } from '@gauntlet/nn'
import { loadStrictly, type CheckpointFile, type NamedArray } from '@gauntlet/weights'
import type { Backbone } from '../backbone.ts'
import { bodyAndHead, keptHead, noteReplaced } from './checkpoint-head.ts'
import { withoutWrappers } from './checkpoint-names.ts'
import { withoutNormalisation } from './checkpoint-normalisation.ts'
import { isHead } from './fresh-head.ts'

/** A checkpoint under the names and in the shapes of its backbone, every tensor checked. */
export interface AdoptedCheckpoint {
  /** The tensors in the order of the model's specifications; without the classifier unless it was asked for. */
  readonly arrays: NamedArray[]
  /** The classes of the classifier that was kept; null where none was. */
  readonly classes: number | null
  /** What was stripped, left out, filled or replaced on the way, a sentence each. */
  readonly changes: readonly string[]
}

export interface Adoption {
  /**
   * What becomes of the classifier: `replaced` leaves it out, whatever it is; `kept` needs one, for `classes` classes
   * where a number is given.
   */
  readonly head: 'replaced' | 'kept'
  readonly classes?: number | null
  /** Whether normalisation layers of the checkpoint are left out unseen, because the caller normalises the images. */
  readonly normalised?: boolean
}

/**
 * Makes a checkpoint as it is found fit its backbone: removes what training tools put around names, converts published
 * names, resizes learned positions, gives shared tensors all their names, fills counters of batches, and takes the
 * classifier off or keeps it. Everything else must fit tensor for tensor. Throws `WeightsMismatch`.
 */
export function adoptCheckpoint(
  backbone: Backbone,
  { arrays: found, notes }: Pick<CheckpointFile, 'arrays' | 'notes'>,
  { head, classes = null, normalised = false }: Adoption,
): AdoptedCheckpoint {
  const changes = [...notes]
  const unwrapped = withoutWrappers(found, backbone, changes)
  const fed = normalised ? null : backbone.normalisation
  const converted = backbone.convertCheckpoint(withoutNormalisation(unwrapped, fed, changes))
  const named = withPositions(converted, backbone, changes)
  const { body, own, other } = bodyAndHead(named, backbone)
  const specifications = backbone.specifications(1).filter(({ name }) => !isHead(backbone, name))
  const loaded = loadStrictly(withMissing(body, specifications, changes), specifications)
  const kept = head === 'kept' ? keptHead(own, other, backbone, classes, changes) : null
  if (kept === null) noteReplaced([...own, ...other], changes)
  const arrays = kept === null ? loaded : inOrder([...loaded, ...kept.arrays], backbone.specifications(kept.classes))
  noteHalves(arrays, changes)
  return { arrays, classes: kept?.classes ?? null, changes }
}

/** Resizes positions of another grid or window, as a checkpoint for another side has them. */
function withPositions(arrays: readonly NamedArray[], backbone: Backbone, changes: string[]): readonly NamedArray[] {
  const resized = arrays.map((array) => backbone.resizePositions?.(array) ?? array)
  const changed = arrays.flatMap((array, i) => (resized[i] === array ? [] : [[array, resized[i]!] as const]))
  const [first] = changed
  if (first) {
    const [{ name, shape }, { shape: shapeNow }] = first
    const others = changed.length > 1 ? ` and ${changed.length - 1} more are` : ' is'
    const { native: side } = backbone.resolution
    changes.push(
      `${name}${others} resized for images of ${side} × ${side} pixels: [${shape.join(', ')}] becomes [${shapeNow.join(', ')}]`,
    )
  }
  return resized
}

function inOrder(arrays: readonly NamedArray[], specifications: readonly ParameterSpecification[]): NamedArray[] {
  const byName = new Map(arrays.map((array) => [array.name, array]))
  return specifications.map(({ name }) => byName.get(name)!)
}

/**
 * Fills what a checkpoint may lack: counters of batches, which no computation reads, and further names of a shared
 * tensor. Counters in floating-point numbers, as `model.half()` of a whole dictionary leaves them, become integers.
 */
function withMissing(
  arrays: readonly NamedArray[],
  specifications: readonly ParameterSpecification[],
  changes: string[],
): NamedArray[] {
  const byName = new Map(arrays.map((array) => [array.name, array]))
  const counters: NamedArray[] = []
  const copies: NamedArray[] = []
  for (const { name, kind, shape, sharedWith } of specifications) {
    const first = byName.get(sharedWith ?? '')
    if (byName.has(name)) continue
    if (kind === 'counter') counters.push({ name, shape, dtype: 'int64', data: new BigInt64Array(1) })
    else if (first) copies.push({ ...first, name })
  }
  if (counters.length > 0)
    changes.push(
      `${counters.length} missing ${counters.length === 1 ? 'counter of batches is' : 'counters of batches are'} filled with 0`,
    )
  if (copies.length > 0)
    changes.push(`${copies.length} shared tensors that were written once have all their names again`)
  const isCounter = new Set(specifications.filter(({ kind }) => kind === 'counter').map(({ name }) => name))
  return [...arrays.map((array) => (isCounter.has(array.name) ? asInteger(array) : array)), ...counters, ...copies]
}

/**
 * A counter as int64, in the shape of one number. Its value is not kept where it was rounded, since nothing reads it.
 */
function asInteger(array: NamedArray): NamedArray {
  const isScalar = array.shape.length === 1 && array.shape[0] === 1
  const shaped = isScalar ? { ...array, shape: [] } : array
  return /float/.test(array.dtype) ? { ...shaped, dtype: 'int64', data: new BigInt64Array(1) } : shaped
}

function noteHalves(arrays: readonly NamedArray[], changes: string[]): void {
  for (const dtype of ['float16', 'bfloat16', 'float64'] as const) {
    const count = arrays.filter((array) => array.dtype === dtype).length
    if (count > 0) changes.push(`${count} tensors are ${dtype}, and are computed with in float32`)
  }
}
