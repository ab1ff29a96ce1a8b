import type { LogitsFunction } from '@gauntlet/attacks'
import { tf, type Tensor2D } from '@gauntlet/engine'
import type { Perturbation } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { strictestPolicy } from './evidence.ts'
import { imageSetOf } from './image-set.ts'
import { inspectModel } from './inspect-model.ts'
import { classes, tinyModel, tinyReader } from './testing/tiny-evaluation.ts'

const perturbation: Perturbation = {
  name: 'Linf',
  epsilon: 0.03,
  evaluator: { name: 'apgd-ce', iterations: 3, restarts: 1 },
}

async function flagsOf(logits: LogitsFunction) {
  const { evidence } = await evaluate({ perturbation, seed: 1, logits, classes, reader: tinyReader(20), batchSize: 8 })
  return evidence.flags
}

let calls = 0
const models: Record<string, LogitsFunction> = {
  saturated: (images) => tinyModel(images).mul<Tensor2D>(1_000),
  randomised: (images) =>
    tinyModel(images).add<Tensor2D>(tf.randomNormal([images.shape[0], classes], 0, 0.1, 'float32', ++calls)),
  probabilities: (images) => tf.softmax(tinyModel(images)),
}

describe('an evaluation', () => {
  it('of a model that masks nothing raises no flag', async () => {
    expect(await flagsOf(tinyModel)).toEqual([])
  })

  it.each(Object.keys(models))(
    'of a model whose logits are %s raises that flag, and refuses to rank it',
    async (name) => {
      const flags = await flagsOf(models[name]!)
      expect(flags.map((flag) => flag.name)).toContain(name)
      expect(strictestPolicy(flags)).toBe('refuse')
    },
  )

  it('of a model without any gradient raises that flag', async () => {
    const flags = await flagsOf((images) => tinyModel(images.mul(1e4).round().div(1e4)))
    expect(flags).toContainEqual({ name: 'zero-gradient', value: 1, limit: 0, policy: 'escalate' })
  })
})

it('the images on which a model is inspected are from the whole test split, and its passes are counted', async () => {
  const reader = tinyReader(320)
  const { forwards, backwards } = await inspectModel(tinyModel, imageSetOf(reader))
  expect(reader.reads.flat()).toEqual(Array.from({ length: 32 }, (_, i) => 10 * i))
  expect([forwards, backwards]).toEqual([3 * 32, 32])
})
