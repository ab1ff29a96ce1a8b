import type { ArtifactStore } from '@gauntlet/artifacts'
import { finishedPointer, progressEnvelope, progressPointer } from '@gauntlet/contract'
import type { Digest, Json } from '@gauntlet/study'
import type { SavedProgress } from './bundles/bundle-protocol.ts'
import type { DeviceResult } from './device-protocol.ts'

/** The progress inside a stage that another attempt goes on from, by stage key. */
export function midStageCheckpoint(store: ArtifactStore, stageKey: Digest) {
  const pointer = progressPointer(stageKey)
  const envelope = progressEnvelope(stageKey)
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
export function unreportedResult(store: ArtifactStore, stageKey: Digest) {
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
