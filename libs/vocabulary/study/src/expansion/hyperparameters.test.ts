import { describe, expect, it } from 'vitest'
import type { Configuration } from '../configuration.ts'
import { defaultHyperparameters } from './hyperparameters.ts'
import { expandStudy, parseStudy } from '../study-file.ts'
import { tinyStudyWith as tiny } from '../tiny-study.fixture.ts'

/** The configurations of an altered tiny study, by loss and protocol. */
function configurations(changes: Record<string, string | null>): Record<string, Configuration['hyperparameters']> {
  const { configurations } = expandStudy(parseStudy(tiny(changes), 'f'))
  return Object.fromEntries(
    configurations.map(({ loss, protocol, hyperparameters }) => [`${loss} ${protocol.id}`, hyperparameters]),
  )
}

/** The defaults of the tiny study's backbone, which has batch norms. */
const ofBatchNorm = { ...defaultHyperparameters, microBatchMayShrink: false }

describe('hyperparameters', () => {
  it('have the paper’s values where a file sets none', () => {
    expect(configurations({})['TRADES FFT-2']).toEqual(ofBatchNorm)
    expect(defaultHyperparameters).toMatchObject({
      effectiveBatch: 1_024,
      attackIterations: 10,
      attackEpsilon: 4 / 255,
      tradesBeta: 1,
    })
    expect(defaultHyperparameters.augmentation).toEqual({ horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 2 })
  })

  it('come from the file, then from each override that matches the cell, so that the later one wins', () => {
    const overrides =
      '[{ where: { loss: TRADES }, set: { learningRateHead: 0.1, tradesBeta: 6 } }, { where: { protocol: FFT-2 }, set: { learningRateHead: 0.2 } }]'
    const found = configurations({
      protocols: '[FFT-2, FFT-3]',
      hyperparameters: '{ learningRateHead: 0.3, cosine: true }',
      overrides,
    })
    expect(
      Object.entries(found).map(([cell, { learningRateHead, tradesBeta, cosine }]) => [
        cell,
        learningRateHead,
        tradesBeta,
        cosine,
      ]),
    ).toEqual([
      ['Classic AT FFT-2', 0.2, 0, true],
      ['TRADES FFT-2', 0.2, 6, true],
      ['Classic AT FFT-3', 0.3, 0, true],
      ['TRADES FFT-3', 0.1, 6, true],
    ])
  })

  it('of augmentation are overridden one by one', () => {
    const found = configurations({
      hyperparameters: '{ augmentation: { horizontalFlip: false } }',
      overrides: '[{ where: { loss: TRADES }, set: { augmentation: { colorJitter: 0 } } }]',
    })
    expect(found['TRADES FFT-2']!.augmentation).toEqual({ horizontalFlip: false, colorJitter: 0, rotationDegrees: 2 })
    expect(found['Classic AT FFT-2']!.augmentation).toEqual({
      horizontalFlip: false,
      colorJitter: 0.25,
      rotationDegrees: 2,
    })
  })

  it('that a cell never reads are 0, so that a change of them repeats no work', () => {
    const found = configurations({ losses: '[standard, TRADES]', protocols: '[FFT-2, LP-2]' })
    const idle = { learningRateBackbone: 0, weightDecayBackbone: 0 }
    expect(found['standard FFT-2']).toEqual({ ...ofBatchNorm, tradesBeta: 0 })
    expect(found['TRADES LP-2']).toEqual({ ...ofBatchNorm, ...idle })
    expect(found['standard LP-2']).toEqual({ ...ofBatchNorm, ...idle, tradesBeta: 0 })
  })

  it('let a micro-batch shrink where no batch norm depends on it, or where the file allows it', () => {
    const mayShrink = (changes: Record<string, string>) => configurations(changes)['TRADES FFT-2']!.microBatchMayShrink
    const backbones = `[{ id: swin_tiny_patch4_window7_224.ms_in1k, sha256: ${'a'.repeat(64)} }]`
    expect(mayShrink({})).toBe(false)
    expect(mayShrink({ backbones })).toBe(true)
    expect(mayShrink({ hyperparameters: '{ microBatchMayShrink: true }' })).toBe(true)
    expect(mayShrink({ backbones, hyperparameters: '{ microBatchMayShrink: false }' })).toBe(false)
  })

  it('take the radius of the inner attack as a fraction', () => {
    expect(configurations({ hyperparameters: '{ attackEpsilon: 8/255 }' })['TRADES FFT-2']!.attackEpsilon).toBe(8 / 255)
  })

  it('may be overridden for cells that are excluded for now', () => {
    const exclude = '[{ where: { loss: TRADES }, reason: later }]'
    const found = configurations({ exclude, overrides: '[{ where: { loss: TRADES }, set: { tradesBeta: 6 } }]' })
    expect(Object.keys(found)).toEqual(['Classic AT FFT-2'])
  })
})
