import { describe, expect, it } from 'vitest'
import { configurationCost, stageCosts } from './cost.ts'
import { expandStudy, parseStudy } from '../study-file.ts'
import { tinyStudyWith as tiny } from '../tiny-study.fixture.ts'

const base = { images: '{ train: 100, validation: 10, test: 20 }', hyperparameters: '{ attackIterations: 4 }' }

/**
 * Forward-equivalents of each stage, by name (and perturbation), of the first configuration of an altered tiny study.
 */
function costs(changes: Record<string, string | null>): Record<string, number | null> {
  const { configurations, perturbations } = expandStudy(parseStudy(tiny({ ...base, ...changes }), 'f'))
  const stages = stageCosts(configurations[0]!, perturbations)
  return Object.fromEntries(stages.map(({ stage, perturbation, forwards }) => [perturbation?.name ?? stage, forwards]))
}

describe('the cost of fine-tuning', () => {
  // Per epoch: 10 validation images, each 1 clean forward and an attack of 5 gradients, 2 each.
  const validation = 10 * (1 + 2 * 5)

  it.each([
    ['Classic AT', 'FFT-2', 2 * (100 * (2 * 5 + 3) + validation)],
    ['TRADES', 'FFT-2', 2 * (100 * (2 * 5 + 6) + validation)],
    ['standard', 'FFT-2', 2 * (100 * 3 + validation)],
    ['TRADES', 'LP-3', 3 * (100 * (2 * 5 + 2) + validation)],
  ])('%s by %s counts attack, update and validation', (loss, protocol, forwards) => {
    expect(costs({ losses: `[${loss}]`, protocols: `[${protocol}]` })['fine-tune']).toBe(forwards)
  })
})

describe('the cost of an evaluation', () => {
  it('is a forward per image, and for an attack its gradients in every restart', () => {
    const evaluator = '{ name: apgd-ce, iterations: 9, restarts: 3 }'
    expect(costs({ evaluator })).toMatchObject({
      clean: 20,
      common: 20,
      Linf: 20 * (1 + 3 * 2 * 10),
      L2: 1_220,
      L1: 1_220,
    })
  })

  it.each([
    ['standard', 9_722, 9_796],
    ['apgd-ce+t', 2_021, 2_095],
    ['malt', 1_838, 1_050],
  ])('of %s is the sum over the attacks of each norm, for an image that holds', (evaluator, inL2, inL1) => {
    const perturbations = '[L2, L1]'
    expect(costs({ evaluator, perturbations, images: '{ test: 1 }' })).toMatchObject({ L2: inL2, L1: inL1 })
  })

  it('of APGD inside AutoAttack is the 205 forward-equivalents counted in its code, less the driver’s own two forwards', () => {
    expect(costs({ perturbations: '[L2]', images: '{ test: 1 }' })['L2']).toBe(203)
  })
})

describe('the size of a dataset', () => {
  it('is the catalogue’s where a study takes all images, and limits what a study can take', () => {
    expect(costs({ images: '{ test: all }' })['clean']).toBe(2_000)
    expect(costs({ images: '{ test: 5000 }' })['clean']).toBe(2_000)
  })

  it('is not known of the user’s own dataset until its manifest is there', () => {
    const own = `[{ id: mine, classes: 2, source: "file:x", sha256: ${'a'.repeat(64)} }]`
    const { configurations, perturbations } = expandStudy(
      parseStudy(tiny({ datasets: own, perturbations: '[clean]' }), 'f'),
    )
    expect(configurationCost(configurations[0]!, perturbations)).toBeNull()
    expect(configurationCost(configurations[0]!, perturbations, { train: 0, validation: 3, test: 7 })).toBe(
      2 * 3 * 23 + 3 + 7,
    )
  })

  it('does not matter to stages that pass no image through the model', () => {
    expect(costs({})).toMatchObject({ 'prepare-dataset': 0, 'pretrain-load': 0, checkpoint: 10, aggregate: 0 })
  })
})
