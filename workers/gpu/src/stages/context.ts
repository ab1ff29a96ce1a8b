import type { ArtifactStore } from '@gauntlet/artifacts'
import { finishedPointer, progressPointer, type StageRequest } from '@gauntlet/contract'
import type { ArtifactReference, Digest, Json } from '@gauntlet/study'
import { stat } from 'node:fs/promises'
import type { DeviceProgress, DeviceResult } from '../device-protocol.ts'

/** What a stage may use besides its request. */
export interface StageContext {
  readonly store: ArtifactStore
  /** Where fetched sources are kept between attempts. */
  readonly cacheFolder: string
  readonly signal: AbortSignal
  report(progress: DeviceProgress): void
}

/** One attempt at one stage: reads artifacts, does one domain call, stores what it made. */
export type Stage<Input> = (request: StageRequest<Input>, context: StageContext) => Promise<DeviceResult>

/** A fetched file as lineage names it; its bytes stay where they came from. */
export async function sourceReference(file: string, digest: Digest): Promise<ArtifactReference> {
  return { digest, size: (await stat(file)).size, mediaType: 'application/octet-stream' }
}

/** How fast images go by: `imagesPerSecond` since the attempt began, from the number done until now. */
export function rate(startedAt: number, images: number): Pick<DeviceProgress, 'imagesPerSecond'> {
  const seconds = (performance.now() - startedAt) / 1000
  return seconds > 0 && images > 0 ? { imagesPerSecond: images / seconds } : {}
}

/** The bytes another attempt left, and the digest they are stored under. */
export interface SavedProgress {
  readonly checkpoint: Digest
  readonly bytes: Uint8Array
}

export type MidStageCheckpoint = ReturnType<typeof midStageCheckpoint>

/**
 * The progress inside a stage that another attempt goes on from, by stage key. Its bytes begin with that key, so that
 * they are never those of an artifact, and letting go of them never takes an artifact away.
 */
export function midStageCheckpoint({ store }: StageContext, stageKey: Digest) {
  const pointer = progressPointer(stageKey)
  const envelope = new TextEncoder().encode(`gauntlet-progress ${stageKey}\n`)
  return {
    /** The last progress; null where there is none, or where its bytes cannot be trusted. */
    async read(): Promise<SavedProgress | null> {
      const digest = await store.readPointer(pointer)
      if (typeof digest !== 'string' || (await store.verify(digest)) !== 'intact') return null
      const stored = await store.read(digest)
      // A copy: numbers are read in place, and behind the envelope they would stand at addresses no typed array can
      // begin at.
      return { checkpoint: digest, bytes: new Uint8Array(stored.subarray(envelope.length)) }
    },
    /** Makes `bytes` the progress, and lets go of the one before. */
    async write(bytes: Uint8Array): Promise<Digest> {
      const before = await store.readPointer(pointer)
      const { digest } = await store.put(Buffer.concat([envelope, bytes]), 'application/octet-stream')
      await store.writePointer(pointer, digest)
      if (typeof before === 'string' && before !== digest) await store.remove(before)
      return digest
    },
    /** Forgets the progress of a stage that has ended. */
    async clear(): Promise<void> {
      const last = await store.readPointer(pointer)
      await store.deletePointer(pointer)
      if (typeof last === 'string') await store.remove(last)
    },
  }
}

/**
 * What a stage has made, kept until the ledger knows it: a worker that is killed between its last byte and its report
 * has not worked in vain.
 */
export function unreportedResult({ store }: StageContext, stageKey: Digest) {
  const pointer = finishedPointer(stageKey)
  return {
    /**
     * The result of an attempt that could not report it; null where there is none, or where its artifacts are not
     * intact.
     */
    async read(): Promise<DeviceResult | null> {
      const result = (await store.readPointer(pointer)) as DeviceResult | null
      for (const { digest } of Object.values(result?.generated ?? {}))
        if ((await store.verify(digest)) !== 'intact') return null
      return result
    },
    async write({ sources, generated }: DeviceResult): Promise<void> {
      await store.writePointer(pointer, { sources, generated } as unknown as Json)
    },
  }
}
