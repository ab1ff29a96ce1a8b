import type { PlannedStage } from '@gauntlet/contract'
import { digestOf, expandStudy, parseStudy } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import type { KeptSpeed } from './device-speeds.ts'
import { priceStudy, priceSentence } from './price-study.ts'

const { configurations, perturbations } = expandStudy(
  parseStudy(
    [
      'name: tiny',
      'datasets: [digits]',
      'backbones: [tf_efficientnet_lite0.in1k]',
      'losses: [standard]',
      'protocols: [FFT-1]',
      'resolution: 32',
      'images: { train: 100, validation: 20, test: 50 }',
      'perturbations: [clean, common]',
      'hyperparameters: { attackIterations: 1 }',
    ].join('\n'),
    'tiny.study.yaml',
  ),
)

const planned = (stage: PlannedStage['stage'], state: PlannedStage['state']): PlannedStage[] => {
  const one = { stage, stageKey: null, identity: null, state, configurations }
  return stage === 'perturb-and-evaluate' ? perturbations.map((perturbation) => ({ ...one, perturbation })) : [one]
}
const stages = [
  ...planned('prepare-dataset', 'open'),
  ...planned('pretrain-load', 'fulfilled'),
  ...planned('fine-tune', 'open'),
  ...planned('checkpoint', 'fulfilled'),
  ...planned('perturb-and-evaluate', 'open'),
]

const speed = (changes: Partial<KeptSpeed> = {}): KeptSpeed => ({
  device: 'cpu X',
  environment: {},
  environmentClass: digestOf('environment'),
  measuredAt: '2026-11-20T10:00:00.000Z',
  backbone: 'tf_efficientnet_lite0.in1k',
  resolution: 32,
  batch: 8,
  forward: 10,
  gradient: 5,
  update: 4,
  ...changes,
})

describe('the price of a study', () => {
  it('adds up what is still to run, each kind of pass at its speed', () => {
    const { secondsByStage, deviceHours } = priceStudy(stages, [speed()])
    // 100 updates; 20 validation images, each a forward and two gradients; 2 × 50 forwards.
    expect(secondsByStage).toEqual({ 'fine-tune': 100 / 4 + 20 / 10 + 40 / 5, 'perturb-and-evaluate': 100 / 10 })
    expect(deviceHours).toBeCloseTo(45 / 3600, 12)
  })

  it('names the device and the day of the oldest measurement', () => {
    const speeds = [speed(), speed({ resolution: 64, measuredAt: '2026-11-19T10:00:00.000Z' })]
    expect(priceSentence(priceStudy(stages, speeds))).toBe(
      'At most about 45 s on one such device, without starting and capturing, by speeds measured since 2026-11-19 on cpu X.',
    )
  })

  it('names what is only guessed, and the command that measures it', () => {
    const sentence = priceSentence(priceStudy(stages, [speed({ backbone: 'resnet50.a1_in1k', resolution: 224 })]))
    expect(sentence).toMatch(
      /tf_efficientnet_lite0.in1k is priced by its multiply-accumulates from others, which is a rough guess; measure it: /,
    )
    expect(sentence).toMatch(/gauntlet doctor --bench --backbones tf_efficientnet_lite0.in1k --resolution 32$/)
  })

  it('is unknown without a measurement, and says how to get one', () => {
    const price = priceStudy(stages, [])
    expect(price).toMatchObject({ deviceHours: null, measured: null, secondsByStage: { 'fine-tune': null } })
    expect(priceSentence(price)).toMatch(/was not measured. Measure it: gauntlet doctor --bench --backbones /)
  })
})
