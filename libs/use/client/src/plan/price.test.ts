import type { BackboneSpeed } from '@gauntlet/contract'
import { backboneFacts, expandStudy, parseStudy } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priceOf } from './price.ts'

const id = 'tf_efficientnet_lite0.in1k'
const configuration = expandStudy(
  parseStudy(
    [
      'name: tiny',
      'datasets: [digits]',
      `backbones: [${id}]`,
      'losses: [Classic AT]',
      'protocols: [FFT-1]',
      'resolution: 64',
      'perturbations: [clean]',
    ].join('\n'),
    'tiny.study.yaml',
  ),
).configurations[0]!

const passes = { forward: 100, gradient: 20, update: 4 }
const speed = (changes: Partial<BackboneSpeed> = {}): BackboneSpeed => ({
  backbone: id,
  resolution: 64,
  batch: 8,
  forward: 100,
  gradient: 20,
  update: 4,
  ...changes,
})

describe('the price of a stage', () => {
  it('is the time of each kind of pass at its own measured speed', () => {
    expect(priceOf(passes, configuration, [speed()])).toEqual({ seconds: 3, basis: 'measured' })
  })

  it('follows the pixels from the nearest resolution, and says so', () => {
    const speeds = [
      speed({ resolution: 1024, forward: 1 }),
      speed({ resolution: 128 }),
      speed({ resolution: 16, forward: 1 }),
    ]
    expect(priceOf(passes, configuration, speeds)).toEqual({ seconds: 0.75, basis: 'another resolution' })
  })

  it('follows the multiply-accumulates of other backbones where its own was not measured, and says so', () => {
    const other = 'resnet50.a1_in1k'
    const [own, theirs] = [backboneFacts(id)!, backboneFacts(other)!]
    const price = priceOf(passes, configuration, [speed({ backbone: other, resolution: theirs.native.side })])
    const work = (own.multiplyAccumulates * (64 / own.native.side) ** 2) / theirs.multiplyAccumulates
    expect(price?.basis).toBe('other backbones')
    expect(price?.seconds).toBeCloseTo(3 * work, 12)
  })

  it('is unknown where nothing was measured', () => {
    expect(priceOf(passes, configuration, [])).toBeNull()
    expect(priceOf(passes, configuration, [speed({ backbone: 'nobody knows it' })])).toBeNull()
  })

  it('grows with the passes and halves on a device of twice the speed', () => {
    const count = fc.integer({ min: 1, max: 1_000_000 })
    fc.assert(
      fc.property(count, count, count, (forward, gradient, update) => {
        const seconds = (factor: number, more = 0) =>
          priceOf({ forward: forward + more, gradient, update }, configuration, [
            speed({ forward: 7 * factor, gradient: 3 * factor, update: 2 * factor }),
          ])!.seconds
        expect(seconds(2)).toBeCloseTo(seconds(1) / 2, 6)
        expect(seconds(1, 1)).toBeGreaterThan(seconds(1))
      }),
    )
  })
})
