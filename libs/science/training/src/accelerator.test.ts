import { OutOfMemory } from '@gauntlet/engine'
import { keepCompiledPrograms, onCpuPlugin, onTensorflow } from '@gauntlet/engine/fixtures/cpu-plugin'
import { disposeParameters } from '@gauntlet/nn'
import { describe, expect, it, vi } from 'vitest'
import { fineTuneModel } from './fine-tune-model.ts'
import type { FineTuned, FineTuning } from './fine-tuning.ts'
import { colourfulData, tinyHyperparameters, tinyModel, tinyParameters } from './tiny-model.fixture.ts'
import { decodeTrainingState, encodeTrainingState, type TrainingState } from './training-state.ts'

vi.setConfig({ testTimeout: 300_000 }) // XLA compiles for long on a CPU that others use
keepCompiledPrograms()

const losses = ['standard', 'Classic AT', 'TRADES'] as const

/** Fine-tunes for two epochs of three steps. The last micro-batch of an epoch is smaller than the others. */
async function train(loss: (typeof losses)[number], changes: Partial<FineTuning> = {}): Promise<Numbers> {
  const fineTuned = await fineTuneModel({
    model: tinyModel(),
    parameters: tinyParameters,
    training: colourfulData(21),
    validation: colourfulData(8, { seed: 2 }),
    settings: {
      loss,
      protocol: { id: 'FFT-2', trains: 'all', epochs: 2 },
      seed: 1,
      hyperparameters: tinyHyperparameters,
    },
    ...changes,
  })
  return numbersOf(fineTuned)
}

interface Numbers {
  readonly parameters: Readonly<Record<string, readonly number[]>>
  readonly history: FineTuned['history']
}

function numbersOf({ parameters, history }: FineTuned): Numbers {
  const values = [...parameters.entries()].map(([name, tensor]) => [name, [...tensor.dataSync()]] as const)
  disposeParameters(parameters)
  return { parameters: Object.fromEntries(values), history }
}

describe.each(losses)('a fine-tuning with %s by a PJRT plugin', (loss) => {
  it('gives what TensorFlow gives, up to the order of sums', async () => {
    const [expected, found] = [await onTensorflow(() => train(loss)), await onCpuPlugin(() => train(loss))]
    for (const [name, values] of Object.entries(expected.parameters)) {
      const largest = Math.max(...values.map(Math.abs))
      values.forEach((value, i) =>
        expect(Math.abs(found.parameters[name]![i]! - value) / largest, name).toBeLessThan(1e-4),
      )
    }
    expected.history.forEach(({ training }, epoch) => {
      expect(found.history[epoch]!.training.loss / training.loss).toBeCloseTo(1, 4)
      expect(found.history[epoch]!.training.adversarialCorrect).toBe(training.adversarialCorrect)
    })
  })
})

it('a fine-tuning by a PJRT plugin goes on after a kill to the bits of an undisturbed one', () =>
  onCpuPlugin(async () => {
    const states: Uint8Array[] = []
    const onCheckpoint = (state: TrainingState) => void states.push(encodeTrainingState(state))
    const whole = await train('TRADES', { onCheckpoint })
    expect(states).toHaveLength(5)
    for (const state of [states[0]!, states[3]!])
      expect(await train('TRADES', { resumeFrom: decodeTrainingState(state) })).toEqual(whole)
  }))

it('a fine-tuning by a PJRT plugin that has no room says so, and goes on from its last state where there is room', () =>
  onCpuPlugin(async () => {
    const states: Uint8Array[] = []
    const onCheckpoint = (state: TrainingState) => void states.push(encodeTrainingState(state))
    const whole = await train('TRADES', { onCheckpoint })
    const goOn = () => train('TRADES', { resumeFrom: decodeTrainingState(states[2]!) })
    vi.stubEnv('GAUNTLET_DEVICE_MEMORY', String(2 ** 20))
    const ended = await goOn().catch((error: unknown) => error)
    vi.unstubAllEnvs()
    expect(ended).toBeInstanceOf(OutOfMemory)
    expect((ended as Error).message).toMatch(/would need \d+ MiB and may have 1; use a smaller micro-batch/)
    expect(await goOn()).toEqual(whole)
  }))
