import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { bindingAddition } from './binding-addition.ts'

/** Our addition to the binding (infra/binding/tensor-memory.cc). */
interface TensorMemory {
  releaseMemory(): void
  bytesInUse(): number
}

/**
 * Makes TensorFlow take its CPU tensors from our memory. To be called before tfjs' binding is loaded: TensorFlow asks
 * for its allocator once.
 */
export function loadTensorMemory(): TensorMemory {
  return bindingAddition<TensorMemory>('tensor_memory')
}

/**
 * Gives the operating system back what was freed. To be called after what needs much memory once: what is needed again
 * and again is better kept, since pages have to be cleared before they come back.
 */
export function releaseMemory(): void {
  loadTensorMemory().releaseMemory()
}

/** Bytes of buffers that are worth a collection, which takes a tenth of a second. */
const noteworthy = 2 ** 25

/**
 * Has V8 collect the buffers that nothing refers to, as those of a checkpoint that was read: they lie outside its heap,
 * and by itself it lets them lie.
 */
export function collectBuffers(): void {
  if (process.memoryUsage().arrayBuffers < noteworthy) return
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

let collect: (() => void) | undefined

/**
 * Bytes of the tensors of 32 KiB and more that live on the CPU, of eager operators and of programs, their variables
 * among them.
 */
export function tensorBytesInUse(): number {
  return loadTensorMemory().bytesInUse()
}
