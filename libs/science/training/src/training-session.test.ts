import { tf } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'
import { afterEach, describe, expect, it } from 'vitest'
import { dropoutKeys } from './dropout-randomness.ts'
import { objectiveFor } from './objective.ts'
import { colourfulData, tinyHyperparameters, tinyModel, tinyParameters } from './tiny-model.fixture.ts'
import { readBatch } from './training-data.ts'
import { TrainingSession, type TrainingSessionSettings } from './training-session.ts'

const initial = tinyParameters()
const ofStep = { images: 4, keys: dropoutKeys(1, 0, [0, 1, 2, 3]) }
const opened: TrainingSession[] = []
afterEach(() => opened.splice(0).forEach((session) => session.dispose()))

function open(changes: Partial<TrainingSessionSettings> = {}): TrainingSession {
  const session = TrainingSession.open({
    model: tinyModel(),
    parameters: initial,
    objective: objectiveFor('standard', { tradesBeta: 1 }),
    hyperparameters: tinyHyperparameters,
    trains: 'all',
    resolution: 5,
    sizes: { training: [4], validation: [3] },
    ...changes,
  })
  opened.push(session)
  return session
}

describe('TrainingSession', () => {
  it('begins with the parameters it was given, in either protocol', () => {
    for (const trains of ['all', 'head'] as const) {
      const parameters = open({ trains }).parameters()
      for (const [name, tensor] of initial.entries()) {
        expect(parameters.tensor(name).shape).toEqual(tensor.shape)
        expect(parameters.tensor(name).dataSync()).toEqual(tensor.dataSync())
      }
    }
  })

  it('moves each role at its own rate and decays only what decays', () => {
    const session = open({
      hyperparameters: { ...tinyHyperparameters, weightDecayBackbone: 0.1, weightDecayHead: 0.2 },
    })
    expect(session.step(1, { backbone: 0.5, head: 0.25 })).toEqual({
      loss: 0,
      clean: 0,
      adversarial: 0,
      gradientNorm: 0,
    })
    const shrunk = { 'conv.weight': 0.95, 'bn.weight': 1, 'bn.bias': 1, 'fc.weight': 0.95, 'fc.bias': 1 } as const
    const after = session.parameters()
    for (const [name, factor] of Object.entries(shrunk)) {
      const before = initial.tensor(name).dataSync()
      after
        .tensor(name)
        .dataSync()
        .forEach((value, i) => expect(value).toBeCloseTo(factor * before[i]!, 6))
    }
  })

  it('forgets the accumulated gradients once it has taken the step', async () => {
    const session = open()
    session.accumulate(await readBatch(colourfulData(4), [0, 1, 2, 3], 0, 3), ofStep)
    const rates = { backbone: 0, head: 0 }
    const taken = session.step(1, rates)
    expect(taken.loss).toBeGreaterThan(0)
    expect(taken.gradientNorm).toBeGreaterThan(0)
    expect(session.step(2, rates)).toEqual({ loss: 0, clean: 0, adversarial: 0, gradientNorm: 0 })
  })

  it.each([NaN, Infinity, -Infinity])('shows a single %s in a gradient', async (stray) => {
    const session = open({
      objective: {
        ...objectiveFor('standard', { tradesBeta: 1 }),
        evaluate: ({ forward, images, labels }) => {
          const cleanLogits = forward(images)
          return { losses: cleanLogits.mul(images.mean()).sum(1), cleanLogits, labels } as never
        },
      },
    })
    const batch = await readBatch(colourfulData(4), [0, 1, 2, 3], 0, 3)
    const strange = batch.images.dataSync().slice().fill(stray, 7, 8)
    session.accumulate({ ...batch, images: tf.tensor4d(strange, [4, 5, 5, 3]) }, ofStep)
    expect(Number.isFinite(session.step(1, { backbone: 0, head: 0 }).gradientNorm)).toBe(false)
  })

  it('leaves no tensor behind', async () => {
    const batch = await readBatch(colourfulData(4), [0, 1, 2, 3], 0, 3)
    const three = await readBatch(colourfulData(4), [0, 1, 2], 0, 3)
    const before = tf.memory().numTensors
    const session = open({ objective: objectiveFor('TRADES', { tradesBeta: 1 }) })
    session.accumulate(batch, ofStep)
    session.step(1, { backbone: 0.1, head: 0.1 })
    session.predict(three)
    session.dispose()
    opened.splice(0)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuses a model with nothing to train', () => {
    const model = {
      ...tinyModel(),
      specifications: tinyModel().specifications.filter(({ role }) => role === 'backbone'),
    }
    expect(() => open({ model, trains: 'head' })).toThrow(InvalidInput)
  })
})
