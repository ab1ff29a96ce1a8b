import { verdictAfter } from '@gauntlet/attacks'
import { tf } from '@gauntlet/engine'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { predictBatch, readEvaluationBatch, type EvaluationBatch } from './evaluation-batch.ts'
import type { Evaluated, Evaluation } from './evaluation.ts'
import type { Outcome } from './outcome.ts'
import { outcomesOfFirst } from './resume.ts'

/**
 * Evaluates the images that the reader gives as they are, a batch at a time: the clean ones, or for `common` the
 * corrupted ones. Nothing is asked of the clean originals of corrupted images, as the study measures it (robustness of
 * the mixed set), so that corrupted accuracy may lie above clean accuracy.
 */
export async function evaluateWithoutAttack(
  evaluation: Evaluation,
  perturbation: 'clean' | 'common',
): Promise<Evaluated> {
  const { reader, batchSize, onProgress, signal, resumeFrom } = evaluation
  const outcomes = outcomesOfFirst(reader.count, resumeFrom?.kind === 'outcomes' ? resumeFrom.outcomes : [])
  while (outcomes.length < reader.count) {
    signal?.throwIfAborted()
    const batch = await readEvaluationBatch(reader, outcomes.length, batchSize)
    try {
      outcomes.push(...(await outcomesOf(batch, evaluation, perturbation)))
    } finally {
      tf.dispose(batch.tensors)
    }
    await nextTurn() // in which a signal arrives, so that what this batch gave is kept before the evaluation ends
    const soFar = [...outcomes]
    await onProgress?.({
      done: soFar.length,
      total: reader.count,
      save: async () => ({ kind: 'outcomes', outcomes: soFar }),
    })
  }
  return { outcomes, evidence: { flags: [], forwards: reader.count, backwards: 0 } }
}

async function outcomesOf(
  batch: EvaluationBatch,
  { logits }: Evaluation,
  perturbation: 'clean' | 'common',
): Promise<Outcome[]> {
  const predictions = await predictBatch(logits, batch)
  return predictions.map((point, row) => {
    const [image, label] = [batch.digests[row]!, batch.labels[row]!]
    const { held, prediction, margin } = verdictAfter(null, point, label)
    const felledBy = held ? null : perturbation === 'clean' ? 'clean' : (batch.corruptions?.[row] ?? 'common')
    return { image, index: batch.first + row, label, prediction, held, felledBy, run: null, margin, distance: null }
  })
}
