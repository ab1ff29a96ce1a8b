import { open, type FileHandle } from 'node:fs/promises'
import { ArtifactCorrupt, ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
import { progressEnvelope, progressPointer } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { z } from '@hono/zod-openapi'

/** Bytes of a text beyond which it is not one of a mid-training state. */
const mostText = 64 * 1024 ** 2

/** The part of a mid-training state that is read here (`libs/science/training/src/training-state.ts`). */
const header = z.object({ position: z.object({ data_offsets: z.tuple([z.number(), z.number()]) }) })
const position = z.object({ history: z.array(z.unknown()) })

/**
 * The epochs that a training has behind it by its last mid-training state, without reading its weights; null where
 * there is no such state, or where another has just taken its place.
 */
export async function historySoFar(store: ArtifactStore, stageKey: Digest): Promise<unknown[] | null> {
  const digest = await store.readPointer(progressPointer(stageKey))
  if (typeof digest !== 'string') return null
  try {
    return await historyIn(await store.localFile(digest), progressEnvelope(stageKey).length)
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupt) return null
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * The history in a safetensors file that begins at `start`: eight bytes of its header's length, the header, and the
 * tensors, of which `position` is JSON. Null for the state of another stage than training.
 */
async function historyIn(path: string, start: number): Promise<unknown[] | null> {
  const file = await open(path)
  try {
    const length = Buffer.alloc(8)
    await file.read(length, 0, 8, start)
    const tensors = start + 8 + Number(length.readBigUInt64LE())
    const [from, to] = header.parse(JSON.parse(await textIn(file, start + 8, tensors))).position.data_offsets
    return position.parse(JSON.parse(await textIn(file, tensors + from, tensors + to))).history
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null
    throw error
  } finally {
    await file.close()
  }
}

/** The text between two places of a file, as far as the file reaches; nothing where these cannot be its places. */
async function textIn(file: FileHandle, from: number, to: number): Promise<string> {
  if (to < from || to - from > mostText) return ''
  const text = Buffer.alloc(to - from)
  const { bytesRead } = await file.read(text, 0, text.length, from)
  return text.toString('utf8', 0, bytesRead)
}
