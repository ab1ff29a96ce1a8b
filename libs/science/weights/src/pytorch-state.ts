import { quoted, refuse } from './checkpoint-unreadable.ts'
import { elementCount, elementTypes, type ElementArray, type NamedArray } from './named-array.ts'
import { TensorReference, type PickleMap, type PickleValue, type StorageReference } from './pickle-values.ts'

/**
 * The keys under which training scripts keep the state dictionary, in the order in which they are searched. The name of
 * a `torch.nn.DataParallel` may be in between.
 */
const wrappers = ['state_dict', 'model', 'model_state_dict', 'module', 'net', 'state_dict_ema', 'model_ema']
const mostWrappers = 4

/** Copies of strided tensors may be so many times as large as the file, so that a small file cannot fill the memory. */
const largestGrowth = 4

/**
 * The tensors of an unpickled checkpoint, which is a dictionary of tensors or contains one. `read` gives the elements
 * of a storage.
 */
export function stateArrays(
  checkpoint: PickleValue,
  read: (storage: StorageReference) => ElementArray,
  fileSize: number,
): NamedArray[] {
  let budget = largestGrowth * fileSize
  const storages = new Map<string, ElementArray>()
  const elementsOf = (storage: StorageReference) => {
    const elements = storages.get(storage.key) ?? read(storage)
    storages.set(storage.key, elements)
    return elements
  }
  return tensorsOf(checkpoint).map(([name, tensor]) => {
    const { shape, storage, offset } = tensor
    refuseOutside(name, tensor)
    const size = elementCount(shape)
    if (isContiguous(tensor))
      return { name, dtype: storage.dtype, shape, data: elementsOf(storage).subarray(offset, offset + size) }
    budget -= size * elementTypes[storage.dtype].bytes
    if (budget < 0) refuse(`its tensors would take more than ${largestGrowth} times the file`)
    return { name, dtype: storage.dtype, shape, data: gather(tensor, elementsOf(storage)) }
  })
}

function tensorsOf(checkpoint: PickleValue): [string, TensorReference][] {
  return [...stateDictionary(checkpoint)].map(([key, tensor]) => {
    if (typeof key !== 'string') return refuse('its state dictionary has a key that is not text')
    return tensor instanceof TensorReference
      ? [key, tensor]
      : refuse(`${quoted(key)} in its state dictionary is not a tensor`)
  })
}

function stateDictionary(checkpoint: PickleValue): PickleMap {
  let dictionary = checkpoint
  for (let depth = 0; depth <= mostWrappers; depth++) {
    if (!(dictionary instanceof Map))
      return refuse('it holds no state dictionary (a whole pickled model is code, and is not read)')
    const inner = wrappers.map((key) => (dictionary as PickleMap).get(key)).find((value) => value instanceof Map)
    if (!inner) return dictionary
    dictionary = inner
  }
  return refuse(`its state dictionary lies in more than ${mostWrappers} others`)
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
