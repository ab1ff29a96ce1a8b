import { describe, expect, it } from 'vitest'
import { packOutcomes } from '../outcomes/packed-bits.ts'
import type { ScoreName } from '../paper/score-columns.ts'
import { referenceFixture } from '../reference.fixture.ts'
import { nestedBootstrap, type BootstrappedConfiguration, type ImageSetOutcomes } from './nested-bootstrap.ts'

/** bootstrap.json: outcomes as [perturbation][configuration][seed], images in 0 and 1, and what the reference makes. */
interface Fixture {
  readonly seed: number
  readonly draws: number
  readonly imageSets: readonly {
    readonly name: string
    readonly images: number
    readonly held: readonly (readonly (readonly string[])[])[]
  }[]
  readonly results: Readonly<Record<ScoreName, readonly BootstrappedConfiguration[]>>
}

const fixture = referenceFixture<Fixture>('bootstrap')
const bits = (text: string) => packOutcomes([...text].map((bit) => bit === '1'))
const imageSets = fixture.imageSets.map(({ name, images, held }) => ({
  name,
  images,
  outcomes: held.map((configurations) => configurations.map((seeds) => seeds.map(bits))),
}))

describe('the nested bootstrap', () => {
  it.each(['sum', 'geometric', 'borda'] as const)('by %s is the reference’s, draw for draw', (by) => {
    const { seed, draws, results } = fixture
    const found = nestedBootstrap(imageSets, { by, draws, seed })
    expect(found.draws).toBe(draws)
    found.configurations.forEach((configuration, i) => {
      const expected = results[by][i]!
      expect(configuration.rank).toBe(expected.rank)
      expect(configuration.rankInterval).toEqual(expected.rankInterval)
      expect(configuration.score).toBeCloseTo(expected.score, 10)
      configuration.scoreInterval.forEach((end, e) => expect(end).toBeCloseTo(expected.scoreInterval[e]!, 10))
      expect(configuration.firstShare).toBeCloseTo(expected.firstShare, 10)
    })
    const leader = results[by].findIndex(({ rank }) => rank === 1)
    expect(found.leader).toBe(leader)
    expect(found.leaderStaysFirst).toBeCloseTo(results[by][leader]!.firstShare, 10)
  })

  it('shares the first place, so that the shares add to 1', () => {
    const twins: ImageSetOutcomes = {
      name: 'twins',
      images: 8,
      outcomes: [['10110010', '10110010', '00000000'].map((text) => [bits(text)])],
    }
    const { configurations, leaderStaysFirst } = nestedBootstrap([twins], { by: 'borda', draws: 200 })
    expect(configurations.map(({ rank }) => rank)).toEqual([1, 1, 3])
    expect(configurations.reduce((sum, { firstShare }) => sum + firstShare, 0)).toBeCloseTo(1, 10)
    expect(configurations[0]!.firstShare).toBe(configurations[1]!.firstShare)
    expect(leaderStaysFirst).toBeLessThanOrEqual(0.5)
  })

  it('keeps apart what no draw of images can bring together, and reports each draw', () => {
    const apart: ImageSetOutcomes = {
      name: 'apart',
      images: 40,
      outcomes: [[[bits('1'.repeat(40))], [bits('10'.repeat(20))], [bits('0'.repeat(40))]]],
    }
    const done: number[] = []
    const { configurations, leaderStaysFirst } = nestedBootstrap([apart], {
      by: 'sum',
      draws: 50,
      onProgress: (draws) => done.push(draws),
    })
    expect(configurations.map(({ rankInterval }) => rankInterval)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    expect(leaderStaysFirst).toBe(1)
    for (const draws of [10, 49, 100])
      expect(nestedBootstrap([apart], { by: 'sum', draws }).configurations[0]!.firstShare).toBe(1)
    expect([done.length, done.at(-1)]).toEqual([50, 50])
  })

  it('covers the spread of seeds: the interval of a configuration with unequal seeds is wider', () => {
    const [good, bad] = [bits('1'.repeat(30)), bits('0'.repeat(30))]
    const steady = [bits('10'.repeat(15)), bits('10'.repeat(15))]
    const set: ImageSetOutcomes = { name: 'seeds', images: 30, outcomes: [[[good, bad], steady]] }
    const [unsteady, even] = nestedBootstrap([set], { by: 'sum', draws: 400 }).configurations
    expect(unsteady!.score).toBe(even!.score)
    expect(unsteady!.scoreInterval).toEqual([0, 1])
    expect(even!.scoreInterval[1] - even!.scoreInterval[0]).toBeLessThan(0.5)
  })
})
