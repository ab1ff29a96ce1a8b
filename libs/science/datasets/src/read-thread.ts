import { parentPort, workerData } from 'node:worker_threads'
import type { Augmentation } from '@gauntlet/study'
import type { AugmentationKey } from './images/augment.ts'
import { readAugmented } from './read-augmented.ts'
import { openDataset, type DatasetOpening, type LabelledBatch } from './open-dataset.ts'

/** A batch of train that a thread is asked for. */
export interface ReadRequest {
  readonly id: number
  readonly indices: readonly number[]
  readonly augmentation: Augmentation
  readonly key: AugmentationKey
}

/** The images of a batch that nobody reads any more, as memory for another one. */
export interface ReusedMemory {
  readonly memory: Float32Array
}

/** The batch, or why there is none: what tells the error apart. */
export type ReadAnswer =
  | { readonly id: number; readonly batch: LabelledBatch }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string; readonly code?: string } }

/*
 * The code of a thread that reads batches. Bundles of stages hold it as a text of its own (`readThread` in
 * workers/gpu/src/bundles/build-bundle.ts), since the thread must not load the engine.
 */
const port = parentPort!
const reader = openDataset((workerData as { readonly opening: DatasetOpening }).opening)
const { manifest } = reader
const spare: Float32Array[] = []
port.on('message', (message: ReadRequest | ReusedMemory) => {
  if ('memory' in message) {
    spare.push(message.memory)
    return
  }
  const { id, indices, augmentation, key } = message
  readAugmented(reader, indices, augmentation, key, memoryOf(3 * manifest.resolution ** 2 * indices.length)).then(
    (batch) => port.postMessage({ id, batch } satisfies ReadAnswer, [batch.labels.buffer as ArrayBuffer]),
    ({ name, message, code }: NodeJS.ErrnoException) =>
      port.postMessage({ id, error: { name, message, ...(code === undefined ? {} : { code }) } } satisfies ReadAnswer),
  )
})

/**
 * Memory for a batch, used again where there is some. Threads share it: if it changed hands, each batch would make the
 * training thread collect garbage for some 10 ms, as V8 does when much memory outside its heap is freed.
 */
function memoryOf(length: number): Float32Array {
  const known = spare.findIndex((memory) => memory.length === length)
  return spare.splice(known, known < 0 ? 0 : 1)[0] ?? new Float32Array(new SharedArrayBuffer(4 * length))
}
