import { InvalidInput, corruptionNames } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignPortfolio } from './portfolio.ts'

const countsOf = (names: readonly string[]) =>
  corruptionNames.map((name) => names.filter((other) => other === name).length)

describe('assigning a portfolio to positions', () => {
  it('gives 1,000 images blocks of 90, and the last ten the first corruption again', () => {
    const names = assignPortfolio(1000, corruptionNames)
    expect(countsOf(names)).toEqual([100, ...Array.from({ length: 10 }, () => 90)])
    expect(names.slice(990)).toEqual(Array.from({ length: 10 }, () => 'shot_noise'))
  })

  it('gives the 420 images of UC Merced blocks of 38, and the last two the first corruption again', () => {
    expect(countsOf(assignPortfolio(420, corruptionNames))).toEqual([40, ...Array.from({ length: 10 }, () => 38)])
  })

  it('names one corruption for each image, each in at most two runs', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.shuffledSubarray([...corruptionNames], { minLength: 1 }), (count, portfolio) => {
        const names = assignPortfolio(count, portfolio)
        expect(names).toHaveLength(count)
        if (count >= portfolio.length) expect(new Set(names)).toEqual(new Set(portfolio))
      }),
    )
  })

  it('refuses an unknown corruption and an empty portfolio', () => {
    expect(() => assignPortfolio(10, ['fog'])).toThrow(InvalidInput)
    expect(() => assignPortfolio(10, [])).toThrow('name at least one')
  })
})
