import { describe, expect, it } from 'vitest'
import { corruptionNames } from './catalogue/corruption-portfolio.ts'
import {
  configurationId,
  configurationLabel,
  evaluatorLabel,
  type Configuration,
  type CorruptionEvaluator,
} from './configuration.ts'
import { expandStudy, parseStudy } from './study-file.ts'
import { tinyStudy } from './tiny-study.fixture.ts'

const [configuration] = expandStudy(parseStudy(tinyStudy, 'tiny.study.yaml')).configurations as [Configuration]

describe('a configuration id', () => {
  it('does not depend on the order in which the configuration was put together', () => {
    const { seed, hyperparameters, ...rest } = configuration
    const { augmentation, ...rates } = hyperparameters
    expect(configurationId({ hyperparameters: { augmentation, ...rates }, seed, ...rest })).toBe(
      configurationId(configuration),
    )
  })

  it.each<[string, Partial<Configuration>]>([
    ['the seed', { seed: 2 }],
    ['the loss', { loss: 'standard' }],
    ['the bytes of the dataset', { dataset: { ...configuration.dataset, sha256: 'a'.repeat(64) } }],
    ['the resolution', { dataset: { ...configuration.dataset, resolution: 48 } }],
    ['the bytes of the weights', { backbone: { ...configuration.backbone, sha256: 'a'.repeat(64) } }],
    ['the input contract', { backbone: { ...configuration.backbone, inputContract: 'native' } }],
    ['the micro-batch', { hyperparameters: { ...configuration.hyperparameters, microBatch: 32 } }],
  ])('changes with %s', (_, change) => {
    expect(configurationId({ ...configuration, ...change })).not.toBe(configurationId(configuration))
  })

  it('does not depend on the folder of local files, and does on any other source', () => {
    const from = (source: string) =>
      configurationId({ ...configuration, backbone: { ...configuration.backbone, source } })
    expect(from('file:///here/a.pth')).toBe(from('file:///there/b.pth'))
    expect(new Set([from('https://a.example/w'), from('https://b.example/w'), from('file:///w')]).size).toBe(3)
  })

  it('is refused to a configuration that lacks a setting', () => {
    expect(() => configurationId({ ...configuration, seed: undefined as unknown as number })).toThrow(
      '$.seed is a missing value',
    )
  })
})

describe('labels', () => {
  it('of a configuration name its cell', () => {
    expect(configurationLabel(configuration)).toBe('digits · tf_efficientnet_lite0.in1k · Classic AT · FFT-2 · seed 1')
  })

  it('of evaluators say how strong these are', () => {
    expect(evaluatorLabel({ name: 'clean', evaluator: { name: 'argmax' } })).toBe('argmax')
    expect(
      evaluatorLabel({ name: 'L2', epsilon: 2, evaluator: { name: 'apgd-ce', iterations: 20, restarts: 1 } }),
    ).toBe('apgd-ce-20')
    expect(
      evaluatorLabel({ name: 'L2', epsilon: 2, evaluator: { name: 'apgd-ce', iterations: 20, restarts: 5 } }),
    ).toBe('apgd-ce-20x5')
  })

  it.each<[string, Partial<CorruptionEvaluator>]>([
    ['corruptions-11-s3', {}],
    ['corruptions-11-s5', { severity: 5 }],
    ['corruptions-11-s3', { images: 'generated' }],
    ['corruptions-archived', { images: 'archived' }],
    ['corruptions-11-s3-native', { contract: 'native' }],
    ['corruptions-snow-s3', { portfolio: ['snow'] }],
    ['corruptions-snow+contrast-s3-native', { portfolio: ['snow', 'contrast'], contract: 'native' }],
    ['corruptions-contrast+snow-s3', { portfolio: ['contrast', 'snow'] }],
    ['corruptions-11:c9538f-s3', { portfolio: corruptionNames.toReversed() }],
  ])('of corruptions tell which images were evaluated: %s', (label, changes) => {
    const evaluator = { name: 'corruptions', portfolio: corruptionNames, severity: 3, ...changes } as const
    expect(evaluatorLabel({ name: 'common', evaluator })).toBe(label)
  })
})
