import { OutOfMemory, tf } from '@gauntlet/engine'
import { disposeParameters, type Parameters } from '@gauntlet/nn'
import { InvalidInput } from '@gauntlet/study'
import { afterEach, describe, expect, it } from 'vitest'
import { fineTuneModel } from './fine-tune-model.ts'
import type { FineTuned, FineTuning, TrainingProgress } from './fine-tuning.ts'
import { colourfulData, tinyHyperparameters, tinyModel, tinyParameters } from './tiny-model.fixture.ts'
import { Diverged, TrainingStateInvalid } from './training-errors.ts'
import { decodeTrainingState, encodeTrainingState, type TrainingState } from './training-state.ts'

const parameters = tinyParameters()
/** Images that fill all micro-batches, and images that do not: each size of micro-batch has programs of its own. */
const training = colourfulData(24)
const ragged = colourfulData(21)
const validation = colourfulData(8, { seed: 2 })
const fullFineTuning = { id: 'FFT-2', trains: 'all', epochs: 2 } as const
const linearProbing = { id: 'LP-2', trains: 'head', epochs: 2 } as const

type Changes = Omit<Partial<FineTuning>, 'settings'> & {
  settings?: Partial<FineTuning['settings']>
  hyperparameters?: Partial<typeof tinyHyperparameters>
}

function task({ settings, hyperparameters, ...rest }: Changes = {}): FineTuning {
  const merged = { ...tinyHyperparameters, ...hyperparameters }
  return {
    model: tinyModel(),
    parameters: tinyParameters,
    training,
    settings: { loss: 'Classic AT', protocol: fullFineTuning, seed: 1, hyperparameters: merged, ...settings },
    ...rest,
  }
}

const made: Parameters[] = []
afterEach(() => made.splice(0).forEach(disposeParameters))

async function train(changes: Changes = {}): Promise<FineTuned> {
  const result = await fineTuneModel(task(changes))
  made.push(result.parameters)
  return result
}

/** Every number of a result, bit for bit. */
function bitsOf({ parameters: trained, history }: FineTuned): unknown {
  const bytes = [...trained.entries()].map(([name, tensor]) => [
    name,
    Buffer.from(tensor.dataSync().slice().buffer).toString('hex'),
  ])
  return { bytes: Object.fromEntries(bytes), history }
}

describe('fineTuneModel', () => {
  it.each(['standard', 'Classic AT', 'TRADES'] as const)('learns to distinguish colours with %s', async (loss) => {
    const protocol = { id: 'FFT-5', trains: 'all', epochs: 5 } as const
    const { history } = await train({ settings: { loss, protocol }, validation })
    const [first, last] = [history[0]!, history.at(-1)!]
    expect(last.training.loss).toBeLessThan(0.7 * first.training.loss)
    expect(last.validation!.cleanCorrect).toBeGreaterThanOrEqual(6)
    expect(last.training.cleanCorrect === null).toBe(loss === 'Classic AT')
    expect(last.training.adversarialCorrect === null).toBe(loss === 'standard')
  })

  it.each(['standard', 'Classic AT', 'TRADES'] as const)(
    'goes on from any step of %s to the same bits',
    async (loss) => {
      const states: Uint8Array[] = []
      const onCheckpoint = (state: TrainingState) => void states.push(encodeTrainingState(state))
      const whole = bitsOf(await train({ settings: { loss }, validation, onCheckpoint }))
      // A state after every step but the last, so that a kill during a step loses that step alone. Three steps an
      // epoch.
      expect(states.map((state) => decodeTrainingState(state).position.step)).toEqual([1, 2, 3, 4, 5])
      for (const state of states) {
        const resumed = await train({ settings: { loss }, validation, resumeFrom: decodeTrainingState(state) })
        expect(bitsOf(resumed)).toEqual(whole)
      }
    },
  )

  it('goes on bit for bit after a kill between two checkpoints, linear probing as well', async () => {
    const whole = bitsOf(await train({ training: ragged, settings: { protocol: linearProbing } }))
    let last: TrainingState | undefined
    let calls = 0
    const killed = fineTuneModel(
      task({
        training: ragged,
        settings: { protocol: linearProbing },
        hyperparameters: { checkpointEverySteps: 2 },
        onCheckpoint: (state) => void (last = state),
        onProgress: () => {
          if (++calls === 7) throw new Error('killed')
        },
      }),
    )
    await expect(killed).rejects.toThrow('killed')
    expect(last!.position.step).toBe(2)
    expect(bitsOf(await train({ training: ragged, settings: { protocol: linearProbing }, resumeFrom: last! }))).toEqual(
      whole,
    )
  })

  it('trains the same with and without validation', async () => {
    const [validated, other] = [await train({ validation }), await train()]
    expect(bitsOf({ ...validated, history: [] })).toEqual(bitsOf({ ...other, history: [] }))
  })

  it('gives the same parameters for every micro-batch where rows do not mix', async () => {
    const model = tinyModel({ normed: false })
    const whole = await train({ model, training: ragged, hyperparameters: { microBatch: 8 } })
    const pieces = await train({ model, training: ragged, hyperparameters: { microBatch: 3 } })
    for (const [name, tensor] of whole.parameters.entries()) {
      const difference = tf.tidy(() => tensor.sub(pieces.parameters.tensor(name)).abs().max().dataSync()[0]!)
      expect(difference, name).toBeLessThan(1e-4)
    }
  })

  it('ends where the device has no room for the micro-batch, and uses no other one', async () => {
    // As the engine does, the capture refuses what has no room.
    const narrow = tinyModel({ normed: false })
    const logits: typeof narrow.logits = (images, ...rest) => {
      if (images.shape[0] > 2) throw new OutOfMemory('No room.')
      return narrow.logits(images, ...rest)
    }
    const before = tf.memory().numTensors
    const model = { ...narrow, logits }
    await expect(train({ model, hyperparameters: { microBatch: 8 } })).rejects.toBeInstanceOf(OutOfMemory)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('does not change the backbone and its running statistics in linear probing', async () => {
    const { parameters: probed } = await train({ settings: { protocol: linearProbing, loss: 'TRADES' } })
    for (const [name, tensor] of probed.entries()) {
      const same = tensor.dataSync().every((value, i) => value === parameters.tensor(name).dataSync()[i])
      expect(same, name).toBe(!name.startsWith('fc.'))
    }
  })

  it('counts two batches a micro-batch for TRADES and one for the others', async () => {
    const tracked = async (loss: 'standard' | 'Classic AT' | 'TRADES') => {
      const { parameters: trained } = await train({ settings: { loss }, hyperparameters: { microBatch: 8 } })
      return trained.tensor('bn.num_batches_tracked').dataSync()[0]
    }
    expect(await tracked('standard')).toBe(6)
    expect(await tracked('Classic AT')).toBe(6)
    expect(await tracked('TRADES')).toBe(12)
  })

  it('reports progress that only grows and ends at the whole', async () => {
    const reported: TrainingProgress[] = []
    await train({ validation, onProgress: (progress) => reported.push(progress) })
    reported.slice(1).forEach(({ images, step }, i) => {
      expect(images).toBeGreaterThan(reported[i]!.images)
      expect(step).toBeGreaterThanOrEqual(reported[i]!.step)
    })
    expect(reported.at(-1)).toMatchObject({
      phase: 'validation',
      epoch: 2,
      step: 6,
      steps: 6,
      images: 64,
      totalImages: 64,
    })
  })

  it('holds the same number of tensors at every checkpoint and none beyond its result', async () => {
    const before = tf.memory().numTensors
    const held: number[] = []
    const result = await fineTuneModel(
      task({ validation, settings: { loss: 'TRADES' }, onCheckpoint: () => void held.push(tf.memory().numTensors) }),
    )
    expect(new Set(held).size).toBe(1)
    disposeParameters(result.parameters)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('stops at its signal and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    const stop = new AbortController()
    const stopped = fineTuneModel(
      task({ signal: stop.signal, onProgress: ({ step }) => step === 2 && stop.abort(new Error('draining')) }),
    )
    await expect(stopped).rejects.toThrow('draining')
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    ['in the middle of a step', ({ step, phase }: TrainingProgress) => phase === 'training' && step === 1],
    ['while it validates', ({ phase }: TrainingProgress) => phase === 'validation'],
  ])('writes a checkpoint when it is told to stop %s, and goes on from it bit for bit', async (_, isTime) => {
    const undisturbed = bitsOf(await train({ validation }))
    const stop = new AbortController()
    const states: TrainingState[] = []
    const hyperparameters = { checkpointEverySteps: 1_000 }
    const stopped = fineTuneModel(
      task({
        validation,
        hyperparameters,
        signal: stop.signal,
        onCheckpoint: (state) => void states.push(state),
        onProgress: (progress) => isTime(progress) && stop.abort(new Error('draining')),
      }),
    )
    await expect(stopped).rejects.toThrow('draining')
    expect(states.length).toBe(1)
    const resumed = await train({
      validation,
      hyperparameters,
      resumeFrom: decodeTrainingState(encodeTrainingState(states[0]!)),
    })
    expect(bitsOf(resumed)).toEqual(undisturbed)
  })

  it('ends as diverged, with evidence, when the loss is no longer finite', async () => {
    const before = tf.memory().numTensors
    const run = fineTuneModel(task({ hyperparameters: { learningRateBackbone: 1e30, learningRateHead: 1e30 } }))
    const failure = await run.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Diverged)
    expect((failure as Diverged).evidence.step).toBeGreaterThan(1)
    expect((failure as Diverged).message).toMatch(/^Training diverged in epoch \d at step \d: .*\.$/)
    expect(JSON.parse(JSON.stringify((failure as Diverged).evidence))).toEqual((failure as Diverged).evidence)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('ends as diverged where the model is not finite in evaluation, though it trains', async () => {
    const model = tinyModel({ normed: false })
    const logits: typeof model.logits = (images, all, context) => {
      const found = model.logits(images, all, context)
      return context.training ? found : found.mul(NaN)
    }
    const run = train({ settings: { loss: 'standard' }, model: { ...model, logits }, validation })
    await expect(run).rejects.toThrow(/diverged in epoch 1 .*the validation loss is not finite/)
  })

  it('ends a collapsed full fine-tuning as diverged, but lets a head that learns nothing finish', async () => {
    const blind = { ...tinyModel({ normed: false }) }
    const logits: typeof blind.logits = (images, all, context) =>
      tinyModel({ normed: false }).logits(images.mul(0), all, context)
    const epochs = (trains: 'all' | 'head') =>
      ({ settings: { loss: 'standard', protocol: { id: 'x', trains, epochs: 4 } } }) as const
    const run = train({ ...epochs('all'), model: { ...blind, logits }, validation })
    await expect(run).rejects.toMatchObject({ name: 'Diverged', evidence: { epoch: 3, step: 9 } })
    await expect(train({ ...epochs('head'), model: { ...blind, logits }, validation })).resolves.toBeDefined()
  })

  it('refuses a state of other settings, another micro-batch among them', async () => {
    let state: TrainingState | undefined
    await train({ onCheckpoint: (one) => void (state ??= one) })
    await expect(train({ settings: { seed: 2 }, resumeFrom: state! })).rejects.toThrow(TrainingStateInvalid)
    const otherMicroBatch = train({ hyperparameters: { microBatch: 2 }, resumeFrom: state! })
    await expect(otherMicroBatch).rejects.toThrow(TrainingStateInvalid)
  })

  it('refuses a state with a tensor missing, left over, misshapen, of another type or not finite', async () => {
    let state!: TrainingState
    await train({ onCheckpoint: (one) => void (state = one) })
    const [first, ...rest] = state.arrays
    const wrong = [
      rest,
      [...state.arrays, { ...first!, name: 'values.stray' }],
      [{ ...first!, shape: [first!.data.length] }, ...rest],
      [{ ...first!, data: Float32Array.from(first!.data as Float32Array).fill(NaN) }, ...rest],
      [{ ...first!, dtype: 'int32' as const, data: Int32Array.from(first!.data as Float32Array) }, ...rest],
    ]
    for (const arrays of wrong)
      await expect(train({ resumeFrom: { ...state, arrays } })).rejects.toThrow(TrainingStateInvalid)
  })

  it.each([
    ['no images', { training: { ...training, count: 0 } }],
    ['a label beyond the head', { model: { ...tinyModel(), classes: 2 } }],
    ['a reader that gives too little', { training: { ...training, resolution: 6 } }],
    ['a micro-batch of none', { hyperparameters: { microBatch: 0 } }],
    ['half an epoch', { settings: { protocol: { id: 'FFT-½', trains: 'all', epochs: 0.5 } as const } }],
  ])('refuses %s in one sentence', async (_, changes) => {
    await expect(train(changes)).rejects.toThrow(InvalidInput)
    await expect(train(changes)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(/^[^\n]+\.$/),
    })
  })
})
