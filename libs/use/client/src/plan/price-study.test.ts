import type { PlannedStage } from '@gauntlet/contract'
import type { MeasuredAttempt } from '@gauntlet/ledger'
import { digestOf, expandStudy, parseStudy, type Configuration } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import type { KeptSpeed } from './device-speeds.ts'
import { priceStudy, priceSentence } from './price-study.ts'

const [own, other] = ['tf_efficientnet_lite0.in1k', 'resnet50.a1_in1k'] as const

const { configurations, perturbations } = expandStudy(
  parseStudy(
    [
      'name: tiny',
      'datasets: [digits]',
      `backbones: [${own}, { id: ${other}, sha256: ${'a'.repeat(64)} }]`,
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
const [cell, otherCell] = configurations as [Configuration, Configuration]

const planned = (stage: PlannedStage['stage'], state: PlannedStage['state'], of = cell): PlannedStage[] => {
  const one = { stage, stageKey: null, identity: null, state, configurations: [of] }
  return stage === 'perturb-and-evaluate' ? perturbations.map((perturbation) => ({ ...one, perturbation })) : [one]
}
const stagesOf = (of: Configuration) => [
  ...planned('prepare-dataset', 'open', of),
  ...planned('pretrain-load', 'fulfilled', of),
  ...planned('fine-tune', 'open', of),
  ...planned('checkpoint', 'fulfilled', of),
  ...planned('perturb-and-evaluate', 'open', of),
]
const stages = stagesOf(cell)

const speed = (changes: Partial<KeptSpeed> = {}): KeptSpeed => ({
  device: 'cpu X',
  environment: {},
  environmentClass: digestOf('environment'),
  measuredAt: '2026-11-20T10:00:00.000Z',
  backbone: own,
  resolution: 32,
  batch: 8,
  forward: 10,
  gradient: 5,
  update: 4,
  ...changes,
})

/** Attempts at the stages of a configuration that took so long. */
const attempts = (
  of: Configuration,
  { training, evaluating }: { training: number; evaluating: number },
): MeasuredAttempt[] => {
  const one = { configuration: of, usage: { cpuSeconds: 1, peakBytes: 2e9 }, endedAt: new Date(0) }
  return [
    { ...one, stage: 'fine-tune', perturbation: null, seconds: training },
    ...perturbations.map((perturbation): MeasuredAttempt => {
      return { ...one, stage: 'perturb-and-evaluate', perturbation, seconds: evaluating }
    }),
  ]
}

describe('the price of a study', () => {
  it('adds up what is still to run, each kind of pass at its speed', () => {
    const { secondsByStage, deviceHours } = priceStudy(stages, { speeds: [speed()] })
    // 100 updates; 20 validation images, each a forward and two gradients; 2 × 50 forwards.
    expect(secondsByStage).toEqual({
      'prepare-dataset': 0,
      'fine-tune': 100 / 4 + 20 / 10 + 40 / 5,
      'perturb-and-evaluate': 100 / 10,
    })
    expect(deviceHours).toBeCloseTo(45 / 3600, 12)
  })

  it('says how sure it is, and until when devices that work together need', () => {
    const price = priceStudy([...stages, ...stagesOf(cell)], { speeds: [speed({ peakBytes: 3e9 })], devices: 4 })
    expect(price.range!.low).toBeLessThan(price.deviceHours!)
    expect(price.range!.high).toBeGreaterThan(price.deviceHours!)
    expect(priceSentence(price)).toBe(
      'About 1 min 30 s of one device, probably 45 s to 1 min 57 s; about 1 min 15 s on 4 devices; about 3.0 GB of memory each: tf_efficientnet_lite0.in1k by measured speeds, speeds since 2026-11-20 on cpu X.',
    )
  })

  it('is what attempts at such stages took, where there were any of this backbone', () => {
    const sources = { speeds: [], attempts: attempts(cell, { training: 70, evaluating: 5 }) }
    const price = priceStudy(stages, sources)
    expect(price.secondsByStage).toMatchObject({ 'fine-tune': 70, 'perturb-and-evaluate': 10 })
    expect(price).toMatchObject({ backbonesBy: { attempts: [own] }, peakBytes: 2e9 })
    expect(priceSentence(price)).toMatch(
      /: tf_efficientnet_lite0.in1k by earlier attempts, 3 attempts in the ledger\.$/,
    )
  })

  it('corrects the speeds of a backbone by what attempts of others took beside theirs', () => {
    const speeds = [speed(), speed({ backbone: other, forward: 20, gradient: 10, update: 8 })]
    const uncorrected = priceStudy(stagesOf(otherCell), { speeds })
    const tried = attempts(cell, { training: 2 * 35, evaluating: 3 * 5 })
    const corrected = priceStudy(stagesOf(otherCell), { speeds, attempts: tried })
    const [before, after] = [uncorrected.secondsByStage, corrected.secondsByStage]
    expect(after['fine-tune']).toBeCloseTo(2 * before['fine-tune']!, 9)
    expect(after['perturb-and-evaluate']).toBeCloseTo(3 * before['perturb-and-evaluate']!, 9)
    expect(corrected.backbonesBy.measured).toEqual([other])
    const certainty = ({ range }: typeof corrected) => range!.high / range!.low
    expect(certainty(corrected)).toBeLessThan(certainty(uncorrected))
  })

  it('follows the work of other backbones that were attempted, and says that this is a guess', () => {
    const tried = attempts(otherCell, { training: 70, evaluating: 5 })
    const price = priceStudy(stages, { speeds: [], attempts: tried })
    expect(price.deviceHours).toBeGreaterThan(0)
    expect(price.deviceHours! * 3600).toBeLessThan(80)
    expect(price).toMatchObject({ backbonesBy: { 'other backbones': [own] }, peakBytes: null })
    expect(priceSentence(price)).toMatch(/That is a rough guess; measure it: npx gauntlet doctor --bench --backbones /)
  })

  it('names what is only guessed by speeds, and the command that measures it', () => {
    const speeds = [speed({ backbone: other, resolution: 224 })]
    const sentence = priceSentence(priceStudy(stages, { speeds }))
    expect(sentence).toMatch(/tf_efficientnet_lite0.in1k by multiply-accumulates from others/)
    expect(sentence).toMatch(/gauntlet doctor --bench --backbones tf_efficientnet_lite0.in1k --resolution 32$/)
  })

  it('is unknown without a measurement, and says how to get one', () => {
    const price = priceStudy(stages, { speeds: [] })
    expect(price).toMatchObject({ deviceHours: null, measured: null, secondsByStage: { 'fine-tune': null } })
    expect(priceSentence(price)).toMatch(/was not measured. Measure it: npx gauntlet doctor --bench --backbones /)
  })
})
