import { keyTensor, tf, type AdamTensors, type Tensor, type Tensor1D } from '@gauntlet/engine'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { adamWFactors, adamWStep } from './adamw.ts'
import { dropoutKeys } from './dropout-randomness.ts'
import { fineTuneModel } from './fine-tune-model.ts'
import { batchGradients } from './gradients.ts'
import { objectiveFor } from './objective.ts'
import { pattern, tinyHyperparameters, tinyModel, tinyParameters } from './tiny-model.fixture.ts'
import { startingTensors } from './training-tensors.ts'

/** Float64 numbers of PyTorch, made by test/parity/training.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../../../../test/parity/fixtures/training.json', import.meta.url), 'utf8'),
) as {
  adamw: { learningRate: number; weightDecay: number; values: number[][] }[]
  passes: {
    loss: 'standard' | 'Classic AT' | 'TRADES'
    beta: number
    value: number
    gradients: Numbers
    buffers: Numbers
  }[]
  training: { losses: number[]; rates: [number, number][]; state: Numbers }
}
type Numbers = Record<string, number[]>

const labels = [0, 1, 2, 2, 1, 0]
const images = pattern(6 * 5 * 5 * 3, 8, 1, 0.5)

describe('adamWStep', () => {
  it.each(fixture.adamw)(
    'agrees with torch.optim.AdamW over five steps (rate $learningRate, decay $weightDecay)',
    ({ learningRate, weightDecay, values }) => {
      const zeros = () => tf.zeros([7])
      const moments = { firstMoment: zeros(), secondMoment: zeros() }
      let tensors: Omit<AdamTensors, 'gradient'> = { value: tf.tensor1d(pattern(7, 10)), ...moments }
      const [rates, decays] = [
        { backbone: learningRate, head: 0 },
        { weightDecayBackbone: weightDecay, weightDecayHead: 0 },
      ]
      values.forEach((expected, i) => {
        const gradient = tf.tensor1d(pattern(7, 11 + i, 10 ** (-2 * i)))
        const { backboneKept: kept, backboneRate: rate, epsilon } = adamWFactors(i + 1, rates, decays)
        tensors = adamWStep({ ...tensors, gradient }, { kept, rate, epsilon })
        expectClose(tensors.value, expected, 1e-6)
      })
    },
  )
})

describe('batchGradients', () => {
  it.each(fixture.passes)(
    'gives the loss, gradients and batch norm buffers of torch for $loss with beta $beta',
    ({ loss, beta, value, gradients, buffers }) => {
      const noise = pattern(images.length, 9, 0.2)
      const attacked = images.map((pixel, i) => Math.min(1, Math.max(0, pixel + noise[i]!)))
      const model = tinyModel()
      const found = batchGradients(startingTensors(model, tinyParameters(), 'all'), {
        model,
        objective: objectiveFor(loss, { tradesBeta: beta }),
        training: true,
        images: tf.tensor4d(images, [6, 5, 5, 3]),
        adversarial: tf.tensor4d(attacked, [6, 5, 5, 3]),
        labels: tf.tensor1d(labels, 'int32'),
        keys: keyTensor(dropoutKeys(1, 0, [0, 1, 2, 3, 4, 5])),
        divisor: tf.scalar(6),
      })
      expect(found.sums.dataSync()[0]! / 6).toBeCloseTo(value, 6)
      for (const [name, gradient] of Object.entries(found.gradients))
        expectClose(torchLayout(name, gradient), gradients[name]!, 1e-6)
      for (const [name, expected] of Object.entries(buffers)) expectClose(found.buffers[name]!, expected, 1e-6)
    },
  )
})

describe('fineTuneModel', () => {
  it('follows torch over five steps: losses, cosine rates, separate groups, buffers', async () => {
    const { losses, rates, state } = fixture.training
    const read = async (indices: readonly number[]) => ({
      images: Float32Array.from(indices.flatMap((i) => [...images.subarray(75 * i, 75 * (i + 1))])),
      labels: Int32Array.from(indices, (i) => labels[i]!),
    })
    const hyperparameters = { ...tinyHyperparameters, learningRateBackbone: 1e-2, effectiveBatch: 6, microBatch: 6 }
    const settings = {
      loss: 'standard',
      protocol: { id: 'FFT-5', trains: 'all', epochs: 5 },
      seed: 1,
      hyperparameters,
    } as const
    const { parameters, history } = await fineTuneModel({
      model: tinyModel(),
      parameters: () => tinyParameters(),
      settings,
      training: { count: 6, resolution: 5, read },
    })
    history.forEach(({ training, learningRates }, i) => {
      expect(training.loss).toBeCloseTo(losses[i]!, 5)
      expect(learningRates.backbone).toBeCloseTo(rates[i]![0], 12)
      expect(learningRates.head).toBeCloseTo(rates[i]![1], 12)
    })
    for (const [name, expected] of Object.entries(state))
      expectClose(torchLayout(name, parameters.tensor(name)), expected, 2e-5)
  })
})

function torchLayout(name: string, tensor: Tensor): Tensor {
  if (name === 'conv.weight') return tf.transpose(tensor, [3, 2, 0, 1])
  return name === 'fc.weight' ? tf.transpose(tensor) : tensor
}

function expectClose(actual: Tensor | Tensor1D, expected: readonly number[], tolerance: number): void {
  const values = [...actual.dataSync()]
  expect(values.length).toBe(expected.length)
  values.forEach((value, i) =>
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i]!))),
  )
}
