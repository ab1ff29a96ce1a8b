import { bindingAddition } from './binding-addition.ts'

/** Our addition to the binding (infra/binding/tensor-memory.cc). */
interface TensorMemory {
  releaseMemory(): void
  bytesInUse(): number
}

/** Makes TensorFlow take its CPU tensors from our memory. To be called before tfjs' binding is loaded: TensorFlow asks for its allocator once. */
export function loadTensorMemory(): TensorMemory {
  return bindingAddition<TensorMemory>('tensor_memory')
}

/**
 * Gives the operating system back what was freed. To be called after what needs much memory once: what is needed again and again is better kept, since pages
 * have to be cleared before they come back.
 */
export function releaseMemory(): void {
  loadTensorMemory().releaseMemory()
}

/** Bytes of the tensors of 32 KiB and more that live on the CPU, of eager operators and of programs, their variables among them. */
export function tensorBytesInUse(): number {
  return loadTensorMemory().bytesInUse()
}
