import { describe, expect, it } from 'vitest'
import { phaseLengths } from '../attack/apgd-step-inputs.ts'
import { stepsOf, stepsOfAll, type Attack } from '../attack/attack.ts'
import { attacksOf, ensembleNames, ensembleOf, type AttackEntry } from './ensemble.ts'
import { l1 } from '../balls/l1.ts'
import { l2 } from '../balls/l2.ts'
import { linf } from '../balls/linf.ts'

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
    'takes as many passes as AutoAttack in the %s ball for an image that holds, and in L1 those of an opening more',
    (norm, ball) => {
      const attacks = attacksOf(ensembleOf('standard', norm, 1000), ball)
      const count = (what: 'forwards' | 'backwards') => attacks.map((attack) => stepsOfAll(attack) * attack.cost[what])
      // A run of APGD has 101 steps, 103 with three phases; a step of FAB has two forward passes; Square evaluates its
      // start.
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
    const inputsOf = (attack: Attack, run: number) => {
      const { noise, stepInput } = attack.runInputs({ seed: 1, image: 'image', run }, [4, 4, 3])
      return { noise, steps: Array.from({ length: stepsOf(attack, run) }, (_, step) => stepInput(step)) }
    }
    for (let run = 0; run < plain.runs; run++) expect(inputsOf(opened, run + 1)).toEqual(inputsOf(plain, run))
    const [, , , radii, counts] = [0, 1, 2, 3, 4].map((part) => inputsOf(opened, 0).steps.map((input) => input[part]))
    expect([new Set(radii), new Set(counts)]).toEqual([new Set([5]), new Set([1])])
  })

  it.each([2, 3, 4, 5, 10])(
    'has no more targets than %i classes allow, and no loss that needs more of them',
    (classes) => {
      for (const name of ensembleNames.filter((each) => each !== 'malt' || classes >= 4)) {
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

  it('is refused where so few classes leave it no attack, so that nothing would fall', () => {
    for (const classes of [2, 3])
      expect(() => ensembleOf('malt', 'Linf', classes)).toThrow(
        `The evaluator malt has no attack here: apgd-t needs 4 classes and the model has ${classes}. Choose another one, such as standard.`,
      )
    expect(ensembleOf('malt', 'Linf', 4).entries).toHaveLength(1)
  })
})
