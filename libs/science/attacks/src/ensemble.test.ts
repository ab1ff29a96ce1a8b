import { describe, expect, it } from 'vitest'
import { stepsOf, stepsOfAll, type Attack } from './attack.ts'
import { attacksOf, ensembleNames, ensembleOf, type AttackEntry } from './ensemble.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'
import { phaseLengths } from './apgd-moments.ts'

const balls = [linf(0.1), l2(1), l1(5)].map((ball) => [ball.norm, ball] as const)

describe('an ensemble as data', () => {
  it.each(['Linf', 'L2'] as const)('is AutoAttack standard in the %s ball', (norm) => {
    const { entries } = ensembleOf('standard', norm, 1000)
    expect(entries.map(({ attack, iterations, restarts, targets }) => [attack, iterations, restarts, targets])).toEqual(
      [
        ['apgd-ce', 100, 1, 0],
        ['apgd-t', 100, 1, 9],
        ['fab-t', 100, 1, 9],
        ['square', 5000, 1, 0],
      ],
    )
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

  it.each(balls)(
    'asks what AutoAttack asks in the %s ball, of an image that nothing fells; in L1 an opening more',
    (norm, ball) => {
      const attacks = attacksOf(ensembleOf('standard', norm, 1000), ball)
      const count = (what: 'forwards' | 'backwards') => attacks.map((attack) => stepsOfAll(attack) * attack.cost[what])
      // robustness of the count: 101 looks a run, 103 with three phases; FAB two forward passes a step; Square one for
      // its start
      expect(count('forwards')).toEqual(norm === 'L1' ? [17 + 515, 515, 1800, 5001] : [101, 909, 1800, 5001])
      expect(count('backwards')).toEqual(norm === 'L1' ? [17 + 515, 515, 900, 0] : [101, 909, 900, 0])
    },
  )

  it('goes on after the opening with the runs that it has without', () => {
    const [entry] = ensembleOf('standard', 'L1', 1000).entries as [AttackEntry]
    const ball = l1(5)
    const [opened, plain] = [entry, { ...entry, opening: 0 }].map(
      (each) => attacksOf({ entries: [each] }, ball)[0]!,
    ) as [Attack, Attack]
    expect([opened.runs, stepsOf(opened, 0), stepsOf(opened, 1), stepsOf(plain, 0)]).toEqual([6, 17, 103, 103])
    const scriptOf = (attack: Attack, run: number) => {
      const { start, cue } = attack.script({ seed: 1, image: 'image', run }, [4, 4, 3])
      return { start, cues: Array.from({ length: stepsOf(attack, run) }, (_, step) => cue(step)) }
    }
    for (let run = 0; run < plain.runs; run++) expect(scriptOf(opened, run + 1)).toEqual(scriptOf(plain, run))
    const [, , , radii, counts] = [0, 1, 2, 3, 4].map((part) => scriptOf(opened, 0).cues.map((cue) => cue[part]))
    expect([new Set(radii), new Set(counts)]).toEqual([new Set([5]), new Set([1])])
  })

  it.each([2, 3, 4, 5, 10])(
    'has no more targets than %i classes allow, and no loss that needs more of them',
    (classes) => {
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
    },
  )
})
