import { keyTensor, tf, type Tensor, type Tensor1D } from '@gauntlet/engine'
import { disposeParameters } from '@gauntlet/nn'
import type { LossName } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dropoutKeys } from './dropout-randomness.ts'
import { batchGradients, type BatchGradients } from './gradients.ts'
import { objectiveFor } from './objective.ts'
import { colourfulData, tinyModel, tinyParameters } from './tiny-model.fixture.ts'
import { startingTensors } from './training-tensors.ts'
import { disposeBatch, readBatch } from './training-data.ts'

const data = colourfulData(12)
const indices = Array.from({ length: 12 }, (_, i) => i)
const normless = tinyModel({ normed: false })
const keys = keyTensor(dropoutKeys(1, 0, indices))
const start = startingTensors(normless, tinyParameters(), 'all')

/** The gradients of twelve images, by micro-batches that end at `cuts`. */
async function gradientsInPieces(loss: LossName, cuts: readonly number[]): Promise<BatchGradients[]> {
  const pieces: BatchGradients[] = []
  let from = 0
  for (const end of [...cuts, 12]) {
    const { images, labels } = await readBatch(data, indices.slice(from, end), 0, 3)
    const input = {
      model: normless,
      objective: objectiveFor(loss, { tradesBeta: 2 }),
      training: true,
      images,
      labels,
      keys,
    }
    pieces.push(batchGradients(start, { ...input, adversarial: images.mul(0.9), divisor: tf.scalar(12) }))
    from = end
  }
  return pieces
}

describe('batchGradients', () => {
  it('adds up over micro-batches of any sizes to the gradient of the whole batch', async () => {
    const cuts = fc
      .uniqueArray(fc.integer({ min: 1, max: 11 }), { maxLength: 4 })
      .map((ends) => ends.toSorted((a, b) => a - b))
    const loss = fc.constantFrom<LossName>('standard', 'Classic AT', 'TRADES')
    await fc.assert(
      fc.asyncProperty(loss, cuts, async (name, ends) => {
        const [[whole], pieces] = [await gradientsInPieces(name, []), await gradientsInPieces(name, ends)]
        for (const [parameter, gradient] of Object.entries(whole!.gradients))
          expectEqual(tf.addN(pieces.map(({ gradients }) => gradients[parameter]!)), gradient)
        expectEqual(tf.addN(pieces.map(({ sums }) => sums)), whole!.sums)
      }),
      { numRuns: 20 },
    )
  })

  it('leaves no tensor behind but its result', async () => {
    const model = tinyModel()
    const initial = tinyParameters()
    const tensors = startingTensors(model, initial, 'all')
    const { images, labels, size } = await readBatch(data, indices, 0, 3)
    const divisor = tf.scalar(12)
    const before = tf.memory().numTensors
    for (const loss of ['standard', 'Classic AT', 'TRADES'] as const) {
      const objective = objectiveFor(loss, { tradesBeta: 1 })
      tf.tidy(
        () =>
          void batchGradients(tensors, {
            model,
            objective,
            training: true,
            images,
            adversarial: images,
            labels,
            keys,
            divisor,
          }),
      )
      expect(tf.memory().numTensors).toBe(before)
    }
    disposeBatch({ images, labels, size })
    disposeParameters(initial)
  })
})

function expectEqual(actual: Tensor | Tensor1D, expected: Tensor | Tensor1D): void {
  const [a, b] = [actual.dataSync(), expected.dataSync()]
  b.forEach((value, i) => expect(Math.abs(a[i]! - value)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(value))))
}
