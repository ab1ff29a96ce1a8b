import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Augmentation } from '@gauntlet/study'
import type { AugmentationKey } from './images/augment.ts'
import type { DatasetReader, LabelledBatch } from './open-dataset.ts'
import { readAugmented } from './read-augmented.ts'
import type { ReadAnswer, ReadRequest, ReusedMemory } from './read-thread.ts'

/** The text of `read-thread.ts`, which the bundler puts in; there is none where code runs from its sources. */
declare const readThreadText: string | undefined

/** Reads augmented batches of train while the caller computes. */
export interface AugmentedReads {
  readAugmented(indices: readonly number[], augmentation: Augmentation, key: AugmentationKey): Promise<LabelledBatch>
  /**
   * Takes the images of a batch that nobody reads any more as memory for another one. Fresh memory costs as much as
   * augmenting.
   */
  reuse(images: Float32Array): void
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (batch: LabelledBatch) => void
  readonly reject: (error: Error) => void
}

/**
 * Threads that read, decode and augment batches of train, each batch in one thread: tensor work blocks the thread it
 * runs on, so that nothing else would be read meanwhile. The batches are those of `reader`, bit for bit. Where code
 * runs from its sources, or the images are in memory, the reader itself reads.
 */
export function openReadThreads(reader: DatasetReader, count = usualThreads()): AugmentedReads {
  const text = typeof readThreadText === 'undefined' ? undefined : readThreadText
  if (text === undefined || typeof reader.opening.images !== 'string')
    return { readAugmented: (...request) => readAugmented(reader, ...request), reuse: () => {}, close: async () => {} }
  const threads = Array.from({ length: count }, () => startThread(text, reader))
  let next = 0
  return {
    readAugmented: (...request) => threads[next++ % count]!.read(...request),
    reuse: (images) => threads[next % count]!.reuse(images),
    close: async () => void (await Promise.all(threads.map(({ stop }) => stop()))),
  }
}

/** A quarter of the cores and four at most, since the tensor work needs the others. */
function usualThreads(): number {
  return Math.min(4, Math.ceil(availableParallelism() / 4))
}

function startThread(text: string, { opening }: DatasetReader) {
  const worker = new Worker(text, { eval: true, workerData: { opening, base: import.meta.url }, execArgv: [] })
  const waiting = new Map<number, Waiting>()
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.unref()
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('A thread that reads images ended; try the stage again.')))
  worker.on('message', (answer: ReadAnswer) => {
    const { resolve, reject } = waiting.get(answer.id)!
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if ('batch' in answer) resolve(answer.batch)
    else reject(Object.assign(new Error(answer.error.message), answer.error))
  })
  let requests = 0
  const read = (indices: readonly number[], augmentation: Augmentation, key: AugmentationKey) =>
    new Promise<LabelledBatch>((resolve, reject) => {
      const request: ReadRequest = { id: requests++, indices, augmentation, key }
      waiting.set(request.id, { resolve, reject })
      worker.ref()
      worker.postMessage(request, [])
    })
  const reuse = (memory: Float32Array) => worker.postMessage({ memory } satisfies ReusedMemory, [])
  return { read, reuse, stop: () => worker.terminate() }
}
