import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { backboneFor } from '@gauntlet/backbones'
import { tf } from '@gauntlet/engine'
import { evaluationMode } from '@gauntlet/nn'
import { loadStrictly, readSafetensors, toParameters, type NamedArray } from '@gauntlet/weights'
import { beforeAll, describe, expect, it } from 'vitest'
import { publishedWeights } from './published-weights.ts'

const fixture = readSafetensors(readFileSync(join(import.meta.dirname, 'photographs.safetensors'))).arrays
let published: NamedArray[]

beforeAll(async () => {
  published = await publishedWeights()
}, 180_000)

describe.each([
  { id: 'efficientnet_lite0.ra_in1k', variant: 'efficientnet_lite0' },
  { id: 'tf_efficientnet_lite0.in1k', variant: 'tf_efficientnet_lite0' },
])('$id with the real weights', ({ id, variant }) => {
  it("gives timm's five likeliest classes, in the same order and as likely, for photographs of a cat, a coffee, an astronaut, a rocket and a motorcycle", () => {
    const { values, indices } = tf.tidy(() => likeliest(id))
    const [classes, probabilities] = [named(`${variant}/classes`), named(`${variant}/probabilities`)]
    expect(indices).toEqual(Array.from(classes.data as Int32Array))
    values.forEach((probability, i) => expect(probability).toBeCloseTo((probabilities.data as Float32Array)[i]!, 4))
  })
})

it('recognises a cat, an espresso and a moped', () => {
  const first = (photograph: number) => named('tf_efficientnet_lite0/classes').data[5 * photograph]
  // These are ImageNet's class numbers of Egyptian cat, espresso and moped.
  expect([first(0), first(1), first(4)]).toEqual([285, 967, 665])
})

function likeliest(id: string): { values: number[]; indices: number[] } {
  const backbone = backboneFor(id)
  const specifications = backbone.specifications(1000)
  const parameters = toParameters(loadStrictly(backbone.convertCheckpoint(published), specifications), specifications)
  const { shape, data } = named('photographs')
  const pixels = Float32Array.from(data as Uint8Array, (value) => value / 255)
  const images = tf.tensor4d(pixels, shape as [number, number, number, number])
  const { values, indices } = tf.topk(backbone.logits(images, parameters, evaluationMode).softmax(), 5)
  return { values: Array.from(values.dataSync()), indices: Array.from(indices.dataSync()) }
}

function named(name: string): NamedArray {
  return fixture.find((array) => array.name === name)!
}
