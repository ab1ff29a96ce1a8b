import { open } from 'node:fs/promises'
import { ArtifactCorrupt, ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
import { progressEnvelope, progressPointer } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { z } from '@hono/zod-openapi'

/** Bytes of a header beyond which it is not one of a mid-training state. */
const mostHeader = 64 * 1024 ** 2

/** The part of a mid-training state's header that is read here (`libs/science/training/src/training-state.ts`). */
const header = z.object({ __metadata__: z.object({ position: z.string() }) })
const position = z.object({ history: z.array(z.unknown()) })

/**
 * The epochs that a training has behind it by its last mid-training state, without reading its tensors; null where
 * there is no such state, or where another has just taken its place.
 */
export async function historySoFar(store: ArtifactStore, stageKey: Digest): Promise<unknown[] | null> {
  const digest = await store.readPointer(progressPointer(stageKey))
  if (typeof digest !== 'string') return null
  try {
    return historyIn(await readHeader(await store.localFile(digest), progressEnvelope(stageKey).length))
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupt) return null
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The JSON header of a safetensors file that begins at `start`: eight bytes of its length, and itself. */
async function readHeader(path: string, start: number): Promise<string | null> {
  const file = await open(path)
  try {
    const length = Buffer.alloc(8)
    await file.read(length, 0, 8, start)
    const size = length.readBigUInt64LE()
    if (size > mostHeader) return null
    const text = Buffer.alloc(Number(size))
    const { bytesRead } = await file.read(text, 0, text.length, start + 8)
    return bytesRead === text.length ? text.toString('utf8') : null
  } finally {
    await file.close()
  }
}

/** Null for the state of another stage than training. */
function historyIn(text: string | null): unknown[] | null {
  try {
    const { __metadata__: metadata } = header.parse(JSON.parse(text ?? ''))
    return position.parse(JSON.parse(metadata.position)).history
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null
    throw error
  }
}
