import { ballOf, stepsOfAll, type Attack } from '@gauntlet/attacks'
import { stageCosts, expandStudy, parseStudy } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { evaluatorAttacks, type AttackPerturbation } from './evaluator-attacks.ts'

/** Forward-equivalents that the attacks count for an image that holds, the clean pass included. */
function counted(perturbation: AttackPerturbation, classes: number): number {
  const { attacks } = evaluatorAttacks(ballOf(perturbation.name, perturbation.epsilon), perturbation.evaluator, classes)
  return attacks.reduce((sum, attack) => sum + stepsOfAll(attack) * (attack.cost.forwards + attack.cost.backwards), 1)
}

/** Forward-equivalents that a study's plan counts for one image, with so many classes. */
function planned(perturbation: AttackPerturbation, classes: number): number {
  const study = `name: x
datasets: [{ id: mine, classes: ${classes}, source: "file:x", sha256: ${'a'.repeat(64)} }]
backbones: [tf_efficientnet_lite0.in1k]
losses: [Classic AT]
protocols: [FFT-1]
images: { train: 1, validation: 1, test: 1 }
`
  const { configurations } = expandStudy(parseStudy(study, 'x'))
  const costs = stageCosts(configurations[0]!, [perturbation], { train: 1, validation: 1, test: 1 })
  return costs.find(({ stage }) => stage === 'perturb-and-evaluate')!.forwards!
}

describe.each(['Linf', 'L2', 'L1'] as const)('the attacks of an evaluator in %s', (name) => {
  it.each(['apgd-ce+t', 'standard', 'rand'] as const)('take as many passes as the plan says: %s', (evaluator) => {
    for (const classes of [2, 3, 4, 10, 100]) {
      const perturbation = { name, epsilon: 0.1, evaluator: { name: evaluator } }
      expect(planned(perturbation, classes), `${classes} classes`).toBe(counted(perturbation, classes))
    }
  })

  it('take, as malt, also the passes that rank the candidates, which the plan counts too', () => {
    const perturbation = { name, epsilon: 0.1, evaluator: { name: 'malt' } } as const
    const candidates = { 10: 9, 1000: name === 'L1' ? 55 : 99 }
    for (const [classes, count] of Object.entries(candidates))
      expect(planned(perturbation, Number(classes))).toBe(counted(perturbation, Number(classes)) + 1 + 2 * count)
  })

  it('take, as plus, the gradient of every class in FAB, which the plan counts too', () => {
    const perturbation = { name, epsilon: 0.1, evaluator: { name: 'plus' } } as const
    expect(planned(perturbation, 10)).toBe(counted(perturbation, 10) + 5 * 100 * (2 * 10 + 1 - 3))
  })

  it('say how many of them the number of classes leaves out', () => {
    const leftOut = (classes: number) =>
      (['apgd-ce+t', 'rand', 'standard', 'plus'] as const).map(
        (evaluator) => evaluatorAttacks(ballOf(name, 1), { name: evaluator }, classes).leftOut,
      )
    expect(leftOut(10)).toEqual([0, 0, 0, 0])
    expect(leftOut(2)).toEqual([1, 1, 1, 2])
  })

  it('go on, where the evaluator says so, with attacks of other names and noise', () => {
    const escalationOf = (classes: number, escalate?: true) =>
      evaluatorAttacks(ballOf(name, 1), { name: 'plus', ...(escalate && { escalate }) }, classes)
    expect(escalationOf(10).escalation).toEqual([])
    const { attacks, escalation } = escalationOf(10, true)
    expect(escalation.map((attack) => attack.name)).toEqual(['escalated-apgd-dlr', 'escalated-square'])
    expect(escalationOf(2, true).escalation.map((attack) => attack.name)).toEqual(['escalated-square'])
    const noiseOf = (attack: Attack) => attack.runInputs({ seed: 1, image: 'x', run: 0 }, [4, 4, 3]).noise
    const square = attacks.find((attack) => attack.name === 'square')!
    expect(noiseOf(escalation[1]!)).not.toEqual(noiseOf(square))
  })
})
