import { configurationId, expandStudy, parseStudy, type Configuration } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choosePool, fits, isPoolName, largestMemory, type DeclaredPool } from './pools.ts'

const { configurations } = expandStudy(
  parseStudy(
    [
      'name: pools',
      'datasets: [digits]',
      `backbones: [tf_efficientnet_lite0.in1k, { id: resnet50.a1_in1k, sha256: ${'a'.repeat(64)} }]`,
      'losses: [Classic AT]',
      'protocols: [FFT-1, LP-1]',
      'seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]',
    ].join('\n'),
    'pools.study.yaml',
  ),
)

function pool(name: string, memory: number | null): DeclaredPool {
  return { name, version: 1, accelerator: name, memory, environmentClass: null, start: { by: 'hand' } }
}

const [small, large] = [pool('small', 2e9), pool('large', 80e9)]

describe('a configuration goes', () => {
  it('to the smallest pool that its largest stage fits', () => {
    for (const configuration of configurations) {
      const expected = largestMemory(configuration) <= 2e9 ? 'small' : 'large'
      expect(choosePool(configuration, [large, small]).name).toBe(expected)
    }
  })

  it('to one that has just as much memory as it needs, and to none that has a byte less', () => {
    const needed = largestMemory(configurations[0]!)
    expect(choosePool(configurations[0]!, [large, pool('exact', needed)]).name).toBe('exact')
    expect(choosePool(configurations[0]!, [large, pool('less', needed - 1)]).name).toBe('large')
  })

  it('to a larger one where it has run out of memory, unless a smaller micro-batch may do', () => {
    const [configuration] = configurations
    const { hyperparameters } = configuration!
    const strict = { ...configuration!, hyperparameters: { ...hyperparameters, microBatchMayShrink: false } }
    expect(
      choosePool(strict, [pool('a', 1e12), pool('b', 2e12)], (_, { name }) => (name === 'a' ? 1 : null)).name,
    ).toBe('b')
    expect(fits(strict, pool('a', null), hyperparameters.microBatch)).toBe(false)
    const lenient = { ...strict, hyperparameters: { ...hyperparameters, microBatchMayShrink: true } }
    expect(fits(lenient, pool('a', null), hyperparameters.microBatch)).toBe(hyperparameters.microBatch > 1)
  })

  it('to the largest where none is large enough, which then says so', () => {
    expect(choosePool(configurations[0]!, [pool('a', 1), pool('b', 2)]).name).toBe('b')
  })

  it('always to the same of several equal pools, whatever their order, and not all to one', () => {
    const equal = ['a', 'b', 'c'].map((name) => pool(name, null))
    const chosen = configurations.map((configuration) => choosePool(configuration, equal).name)
    expect(new Set(chosen).size).toBe(3)
    fc.assert(
      fc.property(fc.shuffledSubarray(equal, { minLength: 3 }), (shuffled) => {
        expect(configurations.map((configuration) => choosePool(configuration, shuffled).name)).toEqual(chosen)
      }),
    )
  })
})

it('fine-tuning needs more memory than training the head, and more with a larger micro-batch', () => {
  const of = (backbone: string, protocol: string) =>
    configurations.find((each) => each.backbone.id.startsWith(backbone) && each.protocol.id === protocol)!
  expect(largestMemory(of('resnet50', 'FFT-1'))).toBeGreaterThan(largestMemory(of('resnet50', 'LP-1')))
  expect(largestMemory(of('resnet50', 'FFT-1'))).toBeGreaterThan(largestMemory(of('tf_eff', 'FFT-1')))
  const one = of('resnet50', 'FFT-1')
  const larger = { ...one, hyperparameters: { ...one.hyperparameters, microBatch: 2 * one.hyperparameters.microBatch } }
  expect(largestMemory(larger)).toBeGreaterThan(largestMemory(one))
  expect(configurationId(larger)).not.toBe(configurationId(one))
})

it('the memory of fine-tuning grows with the pixels of an image', () => {
  const [{ dataset, ...rest }] = configurations as [Configuration]
  const at = (resolution: number) => largestMemory({ ...rest, dataset: { ...dataset, resolution } })
  expect((at(448) - at(224)) / (at(224) - at(112))).toBeCloseTo(4)
})

it.each([
  ['a100-40gb', true],
  ['A100', false],
  ['a b', false],
  ['../a', false],
  ['', false],
])('%j as a name: %s', (name, is) => expect(isPoolName(name)).toBe(is))
