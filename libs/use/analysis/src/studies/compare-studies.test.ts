import { expect, it } from 'vitest'
import { analyzeStudy } from './analyze-study.ts'
import { compareStudies } from './compare-studies.ts'
import { measuredStudy } from './measured-study.fixture.ts'

const { study } = measuredStudy({ seeds: [1, 2] })

it('a study differs from itself in nothing', () => {
  const { byPerturbation, cells, onlyFirst, onlySecond } = compareStudies(study, study)
  expect(cells).toHaveLength(30)
  expect([onlyFirst, onlySecond]).toEqual([0, 0])
  for (const { meanDifference, meanAbsoluteDifference, spearman, ...one } of byPerturbation) {
    expect([one.cells, meanDifference, meanAbsoluteDifference]).toEqual([6, 0, 0])
    expect(spearman!.r).toBeCloseTo(1, 12)
  }
})

it('compares the cells that both have, averaged over seeds, those that differ the most first', () => {
  const [changed, ...rest] = study.rows
  const others = rest.filter(({ backbone }) => backbone !== 'backbone 2')
  const rows = [{ ...changed!, accuracies: { ...changed!.accuracies, Linf: 1 } }, ...others]
  const { cells, onlyFirst, byPerturbation } = compareStudies(study, { ...study, name: 'after', rows })
  expect(onlyFirst).toBe(10)
  expect(cells[0]).toMatchObject({ backbone: 'backbone 0', loss: 'Classic AT', perturbation: 'Linf' })
  const [linf] = study.rows.map(({ accuracies }) => accuracies['Linf']!)
  expect(cells[0]!.second - cells[0]!.first).toBeCloseTo((1 - linf!) / 2, 12)
  expect(byPerturbation.find(({ perturbation }) => perturbation === 'Linf')!.meanDifference).toBeCloseTo(
    (1 - linf!) / 8,
    12,
  )
})

it('says under which radius and evaluator the numbers of each are', () => {
  const perturbations = study.perturbations.map((one) => ({ ...one, epsilon: 0.5, evaluator: null }))
  const [clean] = compareStudies(study, { ...study, perturbations }).byPerturbation
  expect([clean!.firstStrength, clean!.secondStrength]).toEqual(['argmax', 'ε 0.5, evaluator not stated'])
})

it('the analysis of a study is plain JSON, by protocol', () => {
  const analysis = analyzeStudy(study)
  expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis)
  expect(analysis.protocols['FFT-50']).toMatchObject({ ranked: 6, nemenyi: { backbones: 3 }, proxy: null })
  expect(analysis.protocols['FFT-50']!.ranking[0]).toMatchObject({ backbone: 'backbone 2', loss: 'TRADES', rank: 1 })
})
