import { describe, expect, it } from 'vitest'
import { attacksOf, ensembleNames, ensembleOf } from './ensemble.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'
import { phaseLengths } from './apgd-attack.ts'

const balls = [linf(0.1), l2(1), l1(5)].map((ball) => [ball.norm, ball] as const)

describe('an ensemble as data', () => {
  it.each(['Linf', 'L2'] as const)('is AutoAttack standard in the %s ball', (norm) => {
    const { entries } = ensembleOf('standard', norm, 1000)
    expect(entries.map(({ attack, iterations, restarts, targets }) => [attack, iterations, restarts, targets])).toEqual([
      ['apgd-ce', 100, 1, 0],
      ['apgd-t', 100, 1, 9],
      ['fab-t', 100, 1, 9],
      ['square', 5000, 1, 0],
    ])
  })

  it('is AutoAttack standard in the L1 ball: five restarts, five targets but nine for FAB, three phases', () => {
    const { entries } = ensembleOf('standard', 'L1', 1000)
    expect(entries.map(({ restarts, targets, phases }) => [restarts, targets, phases?.length ?? 1])).toEqual([
      [5, 0, 3],
      [1, 5, 3],
      [1, 9, 1],
      [1, 0, 1],
    ])
    expect(phaseLengths(100, 3)).toEqual([30, 30, 40])
  })

  it.each(balls)('asks what AutoAttack asks in the %s ball, of an image that nothing fells', (norm, ball) => {
    const attacks = attacksOf(ensembleOf('standard', norm, 1000), ball)
    const count = (what: 'forwards' | 'backwards') => attacks.map(({ runs, steps, cost }) => runs * steps * cost[what])
    // robustness of the count: 101 looks a run, 103 with three phases; FAB two forward passes a step; Square one for its start
    expect(count('forwards')).toEqual(norm === 'L1' ? [515, 515, 1800, 5001] : [101, 909, 1800, 5001])
    expect(count('backwards')).toEqual(norm === 'L1' ? [515, 515, 900, 0] : [101, 909, 900, 0])
  })

  it.each([2, 3, 4, 5, 10])('has no more targets than %i classes allow, and no loss that needs more of them', (classes) => {
    for (const name of ensembleNames) {
      const { entries, leftOut } = ensembleOf(name, 'Linf', classes)
      for (const { attack, targets } of entries) {
        expect(targets).toBeLessThanOrEqual(Math.min(9, classes - 1))
        if (attack.endsWith('-t')) expect(targets).toBe(Math.min(9, classes - 1))
      }
      const names = [...entries, ...leftOut].map(({ attack }) => attack)
      expect(names.toSorted()).toEqual(
        ensembleOf(name, 'Linf', 100)
          .entries.map(({ attack }) => attack)
          .toSorted(),
      )
      expect(entries.some(({ attack }) => attack === 'apgd-t' && classes < 4)).toBe(false)
      expect(entries.some(({ attack }) => attack === 'apgd-dlr' && classes < 3)).toBe(false)
    }
  })
})
