import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { bindingAddition } from './binding-addition.ts'

/** The functions of infra/binding/tensor-memory.cc. */
interface TensorMemory {
  releaseMemory(): void
  bytesInUse(): number
}

/**
 * Makes TensorFlow allocate its CPU tensors by our allocator. It must be called before tfjs's binding is loaded, since
 * TensorFlow asks for its allocator once.
 */
export function loadTensorMemory(): TensorMemory {
  return bindingAddition<TensorMemory>('tensor_memory')
}

/**
 * Returns freed memory to the operating system. It is meant for the end of work that needs much memory once. Memory
 * that is needed again and again is better kept, since pages have to be cleared before they come back.
 */
export function releaseMemory(): void {
  loadTensorMemory().releaseMemory()
}

/** The bytes of buffers from which a collection is worth its tenth of a second. */
const noteworthy = 2 ** 25

/**
 * Makes V8 collect buffers that nothing refers to, such as those that a checkpoint was read into. They lie outside its
 * heap, and it would not collect them soon.
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
 * The bytes of all tensors of 32 KiB and more on the CPU: those of eager operators and those of programs, variables
 * included.
 */
export function tensorBytesInUse(): number {
  return loadTensorMemory().bytesInUse()
}
