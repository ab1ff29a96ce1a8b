import { quoted, refuse } from './checkpoint-unreadable.ts'
import { elementCount, elementTypes, type ElementArray, type NamedArray } from './named-array.ts'
import { TensorReference, type PickleMap, type PickleValue, type StorageReference } from './pickle-values.ts'

/**
 * The keys under which training scripts keep the state dictionary, in the order in which they are searched. The name of
 * a `torch.nn.DataParallel` may be in between.
 */
const wrappers = [
  'state_dict',
  'model',
  'model_state_dict',
  'module',
  'net',
  'network',
  'weights',
  'params',
  'model_state',
  'state_dict_ema',
  'model_ema',
  'ema_state_dict',
  'ema',
  'params_ema',
  'teacher',
  'student',
]
const mostWrappers = 4

/** Copies of strided tensors may be so many times as large as the file, so that a small file cannot fill the memory. */
const largestGrowth = 4

/** The tensors of a file of `torch.save`. */
export interface TorchState {
  readonly arrays: NamedArray[]
  /** Which dictionary of the file they were taken from, where it has several. */
  readonly notes: readonly string[]
}

/**
 * The tensors of an unpickled checkpoint, which is a dictionary of tensors or contains one. `read` gives the elements
 * of a storage.
 */
export function readState(
  checkpoint: PickleValue,
  read: (storage: StorageReference) => ElementArray,
  fileSize: number,
): TorchState {
  const { dictionary, notes } = stateDictionary(checkpoint)
  let budget = largestGrowth * fileSize
  const storages = new Map<string, ElementArray>()
  const elementsOf = (storage: StorageReference) => {
    const elements = storages.get(storage.key) ?? read(storage)
    storages.set(storage.key, elements)
    return elements
  }
  const arrays = tensorsOf(dictionary).map(([name, tensor]): NamedArray => {
    const { shape, storage, offset } = tensor
    refuseOutside(name, tensor)
    const size = elementCount(shape)
    if (isContiguous(tensor))
      return { name, dtype: storage.dtype, shape, data: elementsOf(storage).subarray(offset, offset + size) }
    budget -= size * elementTypes[storage.dtype].bytes
    if (budget < 0) refuse(`its tensors would take more than ${largestGrowth} times the file`)
    return { name, dtype: storage.dtype, shape, data: gather(tensor, elementsOf(storage)) }
  })
  return { arrays, notes }
}

function tensorsOf(dictionary: PickleMap): [string, TensorReference][] {
  return [...dictionary].map(([key, tensor]) => {
    if (typeof key !== 'string') return refuse('its state dictionary has a key that is not text')
    return tensor instanceof TensorReference
      ? [key, tensor]
      : refuse(`${quoted(key)} in its state dictionary is not a tensor`)
  })
}

function stateDictionary(checkpoint: PickleValue): { readonly dictionary: PickleMap; readonly notes: string[] } {
  let dictionary = checkpoint
  const notes: string[] = []
  for (let depth = 0; depth <= mostWrappers; depth++) {
    if (!(dictionary instanceof Map))
      return refuse('it holds no state dictionary (a whole pickled model is code, and is not read)')
    const held = innerDictionaries(dictionary)
    const [taken, ...others] = held
    if (!taken) return { dictionary, notes }
    if (others.length > 0)
      notes.push(`the tensors are those of ${quoted(taken)}; ${others.map(quoted).join(', ')} beside it is left out`)
    dictionary = dictionary.get(taken)!
  }
  return refuse(`its state dictionary lies in more than ${mostWrappers} others`)
}

/**
 * The keys of the dictionaries that may be the state dictionary: those with a usual name, the likeliest first, or else
 * the only one that has tensors, where no tensor lies beside it.
 */
function innerDictionaries(dictionary: PickleMap): string[] {
  const inner = [...dictionary].flatMap(([key, value]) =>
    typeof key === 'string' && value instanceof Map && value.size > 0 ? [[key, value] as const] : [],
  )
  const usual = wrappers.filter((wrapper) => inner.some(([key]) => key === wrapper))
  if (usual.length > 0) return usual
  if ([...dictionary.values()].some((value) => value instanceof TensorReference)) return []
  const withTensors = inner.filter(([, value]) => [...value.values()].every((each) => each instanceof TensorReference))
  return withTensors.length === 1 ? [withTensors[0]![0]] : []
}

function refuseOutside(name: string, { offset, shape, strides, storage: { elements } }: TensorReference): void {
  const count = elementCount(shape)
  const last =
    count === 0 ? offset - 1 : offset + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0)
  if (!Number.isSafeInteger(count) || !(last < elements) || offset > elements)
    refuse(`${quoted(name)} reaches beyond its storage`)
}

/** Whether the tensor is row-major without gaps. The stride of an axis with one element does not matter. */
function isContiguous({ shape, strides }: TensorReference): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return elementCount(shape) === 0
    expected *= shape[axis]!
  }
  return true
}

/**
 * Copies a strided window row by row. Weights that were ported from TensorFlow are such views: their axes were permuted
 * and their bytes were not moved.
 */
function gather({ offset, shape, strides }: TensorReference, elements: ElementArray): ElementArray {
  const result = elements.slice(0, 0).constructor as new (length: number) => ElementArray
  const copy = new result(elementCount(shape))
  const index = shape.map(() => 0)
  let source = offset
  for (let target = 0; target < copy.length; target++) {
    copy[target] = elements[source]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      source -= shape[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return copy
}
