import { tf, uniform, type Tensor4D } from '@gauntlet/engine'
import { dropPath, evaluationMode, type ForwardContext } from '@gauntlet/nn'
import { hostRandomness } from '@gauntlet/nn/fixtures/host-randomness'
import { afterEach, expect, it, vi } from 'vitest'
import type { Backbone } from './backbone.ts'
import { computedInParts } from './computed-in-parts.ts'

const images: Tensor4D = tf.tensor4d(uniform({ seed: 1, purpose: 'images' }, 8 * 2 * 2 * 3), [8, 2, 2, 3])
const keys = Array.from({ length: 8 }, (_, i) => `image ${i}`)
const training = (): ForwardContext => ({
  training: true,
  randomness: hostRandomness({ seed: 1, purpose: 'drop', step: 0, images: keys }),
})

/** A model that drops whole images twice, and notes how many images it is given at once. */
function model(names: readonly string[] = []) {
  const rows: number[] = []
  const backbone = {
    specifications: () => names.map((name) => ({ name })),
    logits(x: Tensor4D, _: unknown, context: ForwardContext) {
      rows.push(x.shape[0])
      return dropPath(dropPath(x, 0.3, context), 0.3, context).mean([1, 2])
    },
  } as unknown as Backbone
  return { rows, backbone, inParts: computedInParts(backbone) }
}

const withThreads = (threads: number) => vi.stubEnv('TF_NUM_INTEROP_THREADS', String(threads))
const compute = (backbone: Backbone, context: ForwardContext) => [
  ...backbone.logits(images, undefined as never, context).dataSync(),
]

afterEach(() => vi.unstubAllEnvs())

it('computes a part for each thread, with the same logits in the same order', () => {
  withThreads(2)
  const { rows, backbone, inParts } = model()
  const parts = compute(inParts, evaluationMode)
  expect(rows).toEqual([4, 4])
  expect(parts).toEqual(compute(backbone, evaluationMode))
})

it('computes the whole batch at once where there is one thread', () => {
  withThreads(1)
  const { rows, inParts } = model()
  compute(inParts, evaluationMode)
  expect(rows).toEqual([8])
})

it('drops the same images in training as in a whole batch', () => {
  withThreads(2)
  const { rows, backbone, inParts } = model()
  const parts = compute(inParts, training())
  expect(rows).toEqual([4, 4])
  expect(parts).toEqual(compute(backbone, training()))
})

it('computes the whole batch at once in training where the model has batch norms', () => {
  withThreads(2)
  const { rows, inParts } = model(['stem.bn.running_mean'])
  compute(inParts, training())
  compute(inParts, evaluationMode)
  expect(rows).toEqual([8, 4, 4])
})
