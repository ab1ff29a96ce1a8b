import { judge } from '@gauntlet/attacks'
import { tf } from '@gauntlet/engine'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { classify, openChunk, type Chunk } from './chunk.ts'
import type { Evaluated, Evaluation } from './evaluation.ts'
import type { Outcome } from './outcome.ts'
import { outcomesOfFirst } from './resume.ts'

/**
 * Plain accuracy of the images the reader gives, a chunk at a time. For `common` those are the corrupted ones, and
 * nothing is asked of their clean originals: as the study measures it (robustness of the mixed set), corrupted accuracy
 * may lie above clean.
 */
export async function evaluateAsTheyAre(evaluation: Evaluation, perturbation: 'clean' | 'common'): Promise<Evaluated> {
  const { reader, chunkSize, onProgress, signal, resumeFrom } = evaluation
  const outcomes = outcomesOfFirst(reader.count, resumeFrom?.kind === 'outcomes' ? resumeFrom.outcomes : [])
  while (outcomes.length < reader.count) {
    await nextTurn()
    signal?.throwIfAborted()
    const chunk = await openChunk(reader, outcomes.length, chunkSize)
    try {
      outcomes.push(...(await outcomesOf(chunk, evaluation, perturbation)))
    } finally {
      tf.dispose(chunk.tensors)
    }
    const soFar = [...outcomes]
    await onProgress?.({
      done: soFar.length,
      total: reader.count,
      save: async () => ({ kind: 'outcomes', outcomes: soFar }),
    })
  }
  return { outcomes, evidence: { flags: [], forwards: reader.count, backwards: 0 } }
}

async function outcomesOf(chunk: Chunk, { logits }: Evaluation, perturbation: 'clean' | 'common'): Promise<Outcome[]> {
  const sightings = await classify(logits, chunk)
  return sightings.map((sighting, row) => {
    const [image, label] = [chunk.digests[row]!, chunk.labels[row]!]
    const { held, prediction, margin } = judge(null, sighting, label)
    const felledBy = held ? null : perturbation === 'clean' ? 'clean' : (chunk.corruptions?.[row] ?? 'common')
    return { image, index: chunk.first + row, label, prediction, held, felledBy, run: null, margin, distance: null }
  })
}
