import { backboneFor } from '@gauntlet/backbones'
import { tf } from '@gauntlet/engine'
import { evaluationMode } from '@gauntlet/nn'
import { backboneCatalogue } from '@gauntlet/study'
import { toParameters } from '@gauntlet/weights'
import { describe, expect, it } from 'vitest'
import { countMultiplyAccumulates } from './multiply-accumulates.ts'

/**
 * The last of these models' twelve blocks computes only for the class token, which is all that the head reads. It saves
 * the queries, scores, projection and MLP of all other tokens.
 */
const skipsTokensInLastBlock = /^(robust_)?(vit|deit)_/
/**
 * CoaT's attention multiplies all heads at once and keeps the blocks of each head: more products, but no transpositions
 * (libs/science/backbones/src/families/coat.ts).
 */
const multipliesAllHeads = /^coat_/

describe.each(backboneCatalogue)('$id', (published) => {
  const backbone = backboneFor(published.id)
  const specifications = backbone.specifications(backbone.pretrainedClasses)

  it('has the parameters that the catalogue lists', () => {
    const learned = specifications.filter(({ trainable, sharedWith }) => trainable && sharedWith === undefined)
    const sizes = learned.map(({ shape }) => shape.reduce((product, size) => product * size, 1))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(published.parameters)
  })

  it('has the side and the normalisation that the catalogue lists', () => {
    const { side, ...pixels } = published.native
    expect(backbone.resolution.native).toBe(side)
    expect(backbone.normalisation).toEqual(pixels)
  })

  it('has the multiply-accumulates that the catalogue lists, within 2 %', () => {
    const ratio = countOf(published.id, published.native.side) / published.multiplyAccumulates
    expect(ratio).toBeGreaterThan(skipsTokensInLastBlock.test(published.id) ? 0.92 : 0.98)
    expect(ratio).toBeLessThan(multipliesAllHeads.test(published.id) ? 1.15 : 1.02)
  })
})

/** The multiply-accumulates of one image. The weights are zero, since only shapes are counted. */
function countOf(id: string, side: number): number {
  const backbone = backboneFor(id)
  const specifications = backbone.specifications(Math.max(1, backbone.pretrainedClasses))
  return tf.tidy(() => {
    const zeros = specifications.map(({ name, shape, kind }) => {
      const size = shape.reduce((product, length) => product * length, 1)
      return kind === 'counter'
        ? ({ name, shape, dtype: 'int64', data: new BigInt64Array(size) } as const)
        : ({ name, shape, dtype: 'float32', data: new Float32Array(size) } as const)
    })
    const parameters = toParameters(zeros, specifications)
    return countMultiplyAccumulates(() => backbone.logits(tf.zeros([1, side, side, 3]), parameters, evaluationMode))
  })
}
