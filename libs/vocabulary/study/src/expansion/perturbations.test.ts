import { describe, expect, it } from 'vitest'
import { corruptionNames } from '../catalogue/corruption-portfolio.ts'
import { ensembleEvaluatorNames } from '../configuration.ts'
import { epsilonLabel, perturbationLabel } from './perturbations.ts'
import { expandStudy, parseStudy } from '../study-file.ts'
import { tinyStudyWith as tiny } from '../tiny-study.fixture.ts'

const perturbations = (changes: Record<string, string | null>) =>
  expandStudy(parseStudy(tiny(changes), 'f')).perturbations

describe('perturbations', () => {
  it('are the five of the paper where a file names none, with its radii and its portfolio', () => {
    const evaluator = { name: 'apgd-ce', iterations: 100, restarts: 1 }
    expect(perturbations({})).toEqual([
      { name: 'clean', evaluator: { name: 'argmax' } },
      { name: 'Linf', epsilon: 4 / 255, evaluator },
      { name: 'L2', epsilon: 2, evaluator },
      { name: 'L1', epsilon: 75, evaluator },
      { name: 'common', evaluator: { name: 'corruptions', portfolio: corruptionNames, severity: 3 } },
    ])
  })

  it('take an evaluator of their own rather than the study’s', () => {
    const found = perturbations({
      evaluator: '{ name: apgd-ce, iterations: 10 }',
      perturbations: '[L2, { name: L1, evaluator: { name: apgd-ce, restarts: 3 } }]',
    })
    expect(found.map(perturbationLabel)).toEqual(['L2 2 (apgd-ce-10)', 'L1 75 (apgd-ce-100x3)'])
  })

  it('are evaluated by AutoAttack where a file names no evaluator, and have labels that tell the evaluators apart', () => {
    const labels = (evaluator: string | null) =>
      perturbations({ evaluator, perturbations: '[Linf]' }).map(perturbationLabel)
    expect(labels(null)).toEqual(['Linf 4/255 (autoattack-standard)'])
    expect(labels('apgd-ce+t')).toEqual(['Linf 4/255 (apgd-ce+t-100)'])
    const all = ['apgd-ce', ...ensembleEvaluatorNames].flatMap(labels)
    expect(new Set(all).size).toBe(all.length)
  })

  it('escalate only where the study file says so, and then under another label', () => {
    const found = perturbations({
      evaluator: '{ name: standard, escalate: true }',
      perturbations: '[Linf, { name: L2, evaluator: { name: plus, escalate: false } }]',
    })
    expect(found.map(({ evaluator }) => evaluator)).toEqual([{ name: 'standard', escalate: true }, { name: 'plus' }])
    expect(found.map(perturbationLabel)).toEqual([
      'Linf 4/255 (autoattack-standard-escalating)',
      'L2 2 (autoattack-plus)',
    ])
  })

  it('may repeat a norm at another radius or another strength', () => {
    const entries =
      '[Linf, { name: Linf, epsilon: 8/255 }, { name: Linf, evaluator: { name: apgd-ce, iterations: 10 } }]'
    expect(perturbations({ perturbations: entries }).map(perturbationLabel)).toEqual([
      'Linf 4/255 (apgd-ce-100)',
      'Linf 8/255 (apgd-ce-100)',
      'Linf 4/255 (apgd-ce-10)',
    ])
  })

  it('keep the order of a portfolio, since it assigns the images', () => {
    const [common] = perturbations({
      perturbations: '[{ name: common, portfolio: [snow, contrast, snow], severity: 5 }]',
    })
    expect(common).toEqual({
      name: 'common',
      evaluator: { name: 'corruptions', portfolio: ['snow', 'contrast', 'snow'], severity: 5 },
    })
  })

  it('say how corrupted images are made only where the study file asks for other than the default', () => {
    const datasets = `[{ id: digits, source: 'file:own', sha256: ${'a'.repeat(64)} }]` // which may have copies of its own
    const evaluators = (entry: string) =>
      perturbations({ datasets, perturbations: `[${entry}]` }).map(({ evaluator }) => evaluator)
    const standard = evaluators('common')
    expect(evaluators('{ name: common, severity: 3, contract: paper }')).toEqual(standard)
    expect(Object.keys(standard[0]!)).toEqual(['name', 'portfolio', 'severity'])
    expect(evaluators('{ name: common, contract: native, images: generated }')).toEqual([
      { ...standard[0], contract: 'native', images: 'generated' },
    ])
    expect(evaluators('{ name: common, images: archived }')).toEqual([{ ...standard[0], images: 'archived' }])
  })

  it.each(['severity: 2', 'contract: native', 'portfolio: [snow]'])(
    'may not take archived images for %s, which they are not',
    (other) => {
      const study = { perturbations: `[{ name: common, images: archived, ${other} }]` }
      expect(() => perturbations(study)).toThrow('Archived images are those of the paper')
    },
  )
})

describe('the label of a radius', () => {
  it.each([
    [4 / 255, '4/255'],
    [254 / 255, '254/255'],
    [0.5, '0.5'],
    [1, '1'],
    [75, '75'],
  ])('%d is %s', (epsilon, label) => {
    expect(epsilonLabel(epsilon)).toBe(label)
  })
})
