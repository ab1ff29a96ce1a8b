import { readFileSync } from 'node:fs'
import { tf } from '@gauntlet/engine'
import { describe, expect, it } from 'vitest'
import { dropoutKeys } from './dropout-randomness.ts'
import { learningRatesAt } from './learning-rate.ts'
import { objectiveFor } from './objective.ts'
import { pattern, tinyHyperparameters, tinyModel, tinyParameters } from './tiny-model.fixture.ts'
import type { Batch } from './training-data.ts'
import { TrainingSession } from './training-session.ts'

/** The loss before each of 200 optimiser steps in PyTorch, float32, made by test/parity/training.py. */
const { curves } = JSON.parse(
  readFileSync(new URL('../../../../test/parity/fixtures/training-curves.json', import.meta.url), 'utf8'),
) as { curves: { loss: 'standard' | 'Classic AT'; losses: number[] }[] }

const [epochs, count, size] = [25, 8, 16]
const hyperparameters = {
  ...tinyHyperparameters,
  learningRateBackbone: 1e-3,
  learningRateHead: 5e-3,
  attackEpsilon: 8 / 255,
  attackIterations: 3,
}

describe('a captured fine-tuning in float32', () => {
  it.each(curves)('follows the loss of torch over 200 optimiser steps within 1e-4 for $loss', ({ loss, losses }) => {
    const session = TrainingSession.open({
      model: tinyModel(),
      parameters: tinyParameters(),
      objective: objectiveFor(loss, hyperparameters),
      hyperparameters,
      trains: 'all',
      resolution: 5,
      sizes: { training: [size], validation: [] },
    })
    const batches = learnableBatches()
    const keys = dropoutKeys(0, 0, [...Array(size).keys()])
    const deviations = losses.map((expected, i) => {
      session.accumulate(batches[i % count]!, { images: size, keys })
      const taken = session.step(i + 1, learningRatesAt(Math.floor(i / count), epochs, hyperparameters))
      return Math.abs(taken.loss / size / expected - 1)
    })
    session.dispose()
    expect(deviations).toHaveLength(200)
    expect(Math.max(...deviations)).toBeLessThan(1e-4)
  })
})

/** `batches` of test/parity/training.py: noise whose colour channel `label` is brighter. */
function learnableBatches(): Batch[] {
  const values = 5 * 5 * 3
  const noise = pattern(count * size * values, 8, 0.6, 0.4)
  const pixels = noise.map((value, i) => value + (i % 3 === Math.floor(i / values) % 3 ? 0.25 : 0))
  return Array.from({ length: count }, (_, b) => ({
    images: tf.tensor4d(pixels.subarray(b * size * values, (b + 1) * size * values), [size, 5, 5, 3]),
    labels: tf.tensor1d(
      Int32Array.from({ length: size }, (_, i) => (b * size + i) % 3),
      'int32',
    ),
    size,
  }))
}
