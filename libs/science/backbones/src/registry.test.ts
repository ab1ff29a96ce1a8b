import { batchPositionInvariant, tf, uniform, type Tensor, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode, type ForwardContext, type Parameters, type ParameterSpecification } from '@gauntlet/nn'
import { hostRandomness } from '@gauntlet/nn/fixtures/host-randomness'
import { backboneCatalogue } from '@gauntlet/study'
import { elementCount, fromParameters, toParameters, type NamedArray } from '@gauntlet/weights'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backbone } from './backbone.ts'
import { isHead } from './checkpoints/fresh-head.ts'
import { backboneFor, implementedBackbones } from './registry.ts'

const classes = 3

it('refuses an unknown name, and names the three nearest', () => {
  expect(() => backboneFor('resnet_50')).toThrow(
    expect.objectContaining({
      name: 'InvalidInput',
      message: 'There is no backbone "resnet_50"; near it are resnet50, resnet152, resnet50.a1_in1k.',
    }),
  )
  expect(() => backboneFor('of my own')).toThrow(
    'There is no backbone "of my own"; choose a name that npx gauntlet backbones lists.',
  )
})

it('has every name once', () => {
  expect(new Set(implementedBackbones).size).toBe(implementedBackbones.length)
})

it.each(backboneCatalogue)('$id has batch norms if and only if the catalogue says so', ({ id, batchNorm }) => {
  const specifications = backboneFor(id).specifications(classes)
  expect(specifications.some(({ name }) => name.endsWith('running_mean'))).toBe(batchNorm)
})

/** Properties of every backbone that need no computation. */
describe.each(implementedBackbones)('%s', (id) => {
  const backbone = backboneFor(id)
  const specifications = backbone.specifications(classes)

  it('has the id that was asked for, and a smallest side that is not above the native one', () => {
    expect(backbone.id).toBe(id)
    expect(backbone.resolution.minimum).toBeGreaterThan(0)
    expect(backbone.resolution.minimum).toBeLessThanOrEqual(backbone.resolution.native)
  })

  it('names every tensor once, each with as many dimensions as its kind has', () => {
    const names = specifications.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const dimensions = { convolution: [4], depthwise: [4], convolution1d: [3], linear: [2], counter: [0] } as const
    for (const { name, kind, shape } of specifications) {
      expect(
        shape.every((size) => Number.isInteger(size) && size > 0),
        name,
      ).toBe(true)
      if (kind in dimensions) expect(dimensions[kind as keyof typeof dimensions], name).toContain(shape.length)
    }
  })

  it('decays every parameter except biases and those of norms, and trains no statistics', () => {
    for (const { name, shape, decayed, trainable, sharedWith } of specifications) {
      const leaf = name.slice(name.lastIndexOf('.') + 1)
      const isBiasOrNorm = leaf.endsWith('bias') || (leaf === 'weight' && shape.length === 1)
      expect(trainable, name).toBe(!/running_|num_batches/.test(leaf) && sharedWith === undefined)
      expect(decayed, name).toBe(trainable && !isBiasOrNorm)
    }
  })

  it('shares a tensor only with an earlier one of the same shape and kind', () => {
    specifications.forEach(({ name, shape, kind, sharedWith }, i) => {
      if (sharedWith === undefined) return
      const first = specifications.slice(0, i).find((one) => one.name === sharedWith)
      expect(first, name).toMatchObject({ shape, kind })
      expect(first!.sharedWith, name).toBeUndefined()
    })
  })

  it('has a head for the classes asked for, and a body that does not depend on them', () => {
    const [few, many] = [2, 1000].map((count) => backbone.specifications(count))
    const body = (list: ParameterSpecification[]) => list.filter(({ name }) => !isHead(backbone, name))
    expect(body(few!)).toEqual(body(many!))
    expect(many!.filter(({ name }) => isHead(backbone, name)).map(({ shape }) => shape)).toEqual([
      [1000, backbone.features],
      [1000],
    ])
  })

  it('differs between input contracts only by the normalisation of pixels', () => {
    const clipMean = [0.48145466, 0.4578275, 0.40821073]
    expect(backboneFor(id, 'paper').normalisation.mean).toEqual(id.includes('laion') ? clipMean : [0.485, 0.456, 0.406])
    expect(backboneFor(id, 'paper').normalisation.channelOrder).toBe('rgb')
    expect(backboneFor(id, 'native').normalisation).toEqual(backbone.normalisation)
    expect(backboneFor(id, 'none').normalisation).toEqual({
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
      channelOrder: 'rgb',
    })
    expect(backboneFor(id, 'paper').specifications(classes)).toEqual(specifications)
  })
})

/**
 * Properties of the computation, for the smallest backbone of each family at the smallest sides that it computes with.
 * test/parity computes with all of them.
 */
describe.each(smallestOfEachFamily())('$family, by $id', ({ id }) => {
  const backbone = backboneFor(id)
  const specifications = backbone.specifications(classes)
  const { minimum, native, step } = backbone.resolution
  const sides = minimum === native ? [native] : step ? [minimum, minimum + step] : [minimum, minimum + 16, minimum + 33]
  const training = (context: Partial<ForwardContext> = {}): ForwardContext => {
    return { training: true, randomness: hostRandomness({ seed: 1, purpose: 'registry', step: 0 }), ...context }
  }
  let parameters: Parameters

  beforeAll(() => {
    parameters = toParameters(specifications.map(arrayOf), specifications)
  })

  afterAll(() => tf.dispose([...parameters.entries()].map(([, tensor]) => tensor)))

  it('reads exactly the tensors that it names', () => {
    const read = new Set<string>()
    const watched = watch(parameters, read)
    tf.tidy(() => void backbone.logits(imagesOf(1, minimum), watched, evaluationMode))
    const held = specifications.filter(({ kind, sharedWith }) => kind !== 'counter' && sharedWith === undefined)
    const names = held.map(({ name }) => name)
    expect([...read].sort()).toEqual(names.sort())
  })

  it('gives finite logits that differ between images, from its smallest side on', () => {
    for (const side of sides) {
      const logits = tf.tidy(() => backbone.logits(imagesOf(2, side), parameters, evaluationMode).arraySync())
      expect(logits.map((row) => row.length)).toEqual([classes, classes])
      expect(logits.flat().every(Number.isFinite)).toBe(true)
      expect(logits[0]).not.toEqual(logits[1])
    }
  })

  it('in evaluation gives an image the same logits alone and in a batch', () => {
    const images = imagesOf(3, minimum)
    const [together, alone] = tf.tidy(() => {
      const one = (i: number) => backbone.logits(images.slice([i], [1]), parameters, evaluationMode)
      const separately = tf.concat([one(0), one(1), one(2)])
      return [
        backbone.logits(images, parameters, evaluationMode).arraySync(),
        separately.arraySync() as number[][],
      ] as const
    })
    const range = Math.max(...together.flat()) - Math.min(...together.flat())
    together
      .flat()
      .forEach((logit, i) => expect(Math.abs(logit - alone.flat()[i]!)).toBeLessThan(1e-4 * Math.max(1, range)))
  })

  it('gives an image the same bits in every position of a pass, logits and gradient of its pixels', () => {
    const rows = 8 // the fewest that an evaluation computes with (`passRows`)
    const images = tf.tile<Tensor4D>(imagesOf(1, minimum), [rows, 1, 1, 1])
    const places = tf.tidy(() => {
      let logits!: Tensor
      const model = batchPositionInvariant((x: Tensor) => backbone.logits(x as Tensor4D, parameters, evaluationMode))
      const summed = (x: Tensor) => (logits = tf.keep(model(x))).square().sum()
      const gradient = tf.grad(summed)(images)
      const rowsOf = (tensor: Tensor) => tf.unstack(tensor.reshape([rows, -1])).map((row) => row.dataSync())
      const [ofLogits, ofGradient] = [rowsOf(logits), rowsOf(gradient)]
      logits.dispose()
      return ofLogits.map((row, i) => [...row, ...ofGradient[i]!])
    })
    for (const place of places) expect(place).toEqual(places[0])
  })

  it('sends a gradient to every trainable parameter and to every pixel', () => {
    const images = imagesOf(2, sides.at(-1) === native ? native : 64)
    const trainable = specifications.filter(({ trainable: learns }) => learns)
    const loss = () => backbone.logits(images, parameters, training()).square().sum().asScalar()
    const largest = tf.tidy(() => {
      const tensors = trainable.map(({ name }) => parameters.tensor(name))
      return tf
        .engine()
        .gradients(loss, tensors)
        .grads.map((gradient) => gradient?.abs().max().dataSync()[0])
    })
    trainable.forEach(({ name }, i) => expect(largest[i], name).toBeGreaterThan(0))
    const ofPixels = tf.grad((x) =>
      backbone
        .logits(x as Tensor4D, parameters, evaluationMode)
        .square()
        .sum(),
    )(images)
    expect(ofPixels.equal(0).mean().dataSync()[0]).toBeLessThan(0.01)
  })

  it('reports the statistics of every batch norm once in each forward pass in training', () => {
    const told: string[] = []
    const context = training({ onBatchStatistics: (name) => told.push(name) })
    tf.tidy(() => void backbone.logits(imagesOf(2, minimum), parameters, context))
    const norms = specifications
      .filter(({ name }) => name.endsWith('.running_mean'))
      .map(({ name }) => name.replace('.running_mean', ''))
    expect(told.sort()).toEqual(norms.sort())
  })

  it('leaves no tensor behind but its logits', () => {
    const images = imagesOf(2, minimum)
    const before = tf.memory().numTensors
    tf.tidy(() => backbone.logits(images, parameters, evaluationMode)).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('converts its own checkpoint to itself', () => {
    const arrays = fromParameters(parameters, specifications)
    const converted = backbone.convertCheckpoint(arrays)
    expect(converted.map(({ name }) => name)).toEqual(arrays.map(({ name }) => name))
    converted.forEach(({ data }, i) => expect(data).toBe(arrays[i]!.data))
  })
})

/** The id and family of each family's smallest backbone, by its parameters. */
function smallestOfEachFamily(): Pick<Backbone, 'id' | 'family'>[] {
  const sized = implementedBackbones.map((id) => {
    const backbone = backboneFor(id)
    return { backbone, size: backbone.specifications(classes).reduce((sum, { shape }) => sum + elementCount(shape), 0) }
  })
  sized.sort((a, b) => a.size - b.size)
  const families = new Map<string, Backbone>()
  for (const { backbone } of sized) if (!families.has(backbone.family)) families.set(backbone.family, backbone)
  return [...families.values()].map(({ id, family }) => ({ id, family }))
}

/** Random weights, scaled by fan-in so that every branch matters. */
function arrayOf({ name, shape, kind }: ParameterSpecification): NamedArray {
  if (kind === 'counter') return { name, shape, dtype: 'int64', data: BigInt64Array.of(0n) }
  const isVector = shape.length <= 1
  const centre = isVector && /running_var|weight$|temperature$/.test(name) ? 1 : 0
  const spread = isVector ? 0.3 : Math.sqrt(6 / elementCount(shape.slice(1)))
  const data = uniform({ seed: 1, purpose: name }, elementCount(shape)).map((u) => centre + (2 * u - 1) * spread)
  return { name, shape, dtype: 'float32', data }
}

function imagesOf(count: number, side: number): Tensor4D {
  return tf.tensor4d(uniform({ seed: side, purpose: 'images' }, count * side * side * 3), [count, side, side, 3])
}

/** Parameters that add the full name of each tensor that is read to `read`. */
function watch(parameters: Parameters, read: Set<string>): Parameters {
  return new Proxy(parameters, {
    get: (target, property) => {
      if (property === 'at') return (name: string) => watch(target.at(name), read)
      if (property === 'tensor') {
        return (name: string) => {
          read.add(target.fullName(name))
          return target.tensor(name)
        }
      }
      const value: unknown = Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
