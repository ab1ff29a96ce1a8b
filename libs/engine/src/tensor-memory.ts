import { createRequire } from 'node:module'

/** Our addition to the binding (infra/setup/tensor-memory.cc). Loaded before the binding itself: TensorFlow asks for its allocator once. */
interface TensorMemory {
  releaseMemory(): void
  bytesInUse(): number
}

/** What was set up lacks a part of the engine; the message says what to run. */
export class EngineIncomplete extends Error {
  override readonly name = 'EngineIncomplete'
}

const addition = loaded()

/**
 * Gives the operating system back what was freed. To be called after what needs much memory once: what is needed again and again is better kept, since pages
 * have to be cleared before they come back.
 */
export function releaseMemory(): void {
  addition.releaseMemory()
}

/** Bytes of the tensors of 32 KiB and more that live on the CPU, of eager operators and of programs, their variables among them. */
export function tensorBytesInUse(): number {
  return addition.bytesInUse()
}

function loaded(): TensorMemory {
  try {
    return createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/lib/napi-v8/tensor_memory.node') as TensorMemory
  } catch (cause) {
    throw new EngineIncomplete('The engine was not set up for this checkout; run `npm run set-up`.', { cause })
  }
}
