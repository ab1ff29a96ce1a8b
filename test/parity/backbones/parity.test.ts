import { implementedArchitectures, implementedBackbones } from '@gauntlet/backbones'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resizedFixtures, variantFixtures } from './fixture.ts'
import {
  compareEvaluation,
  compareFaint,
  compareTraining,
  compareWithReference,
  holds,
  parameterCount,
  type Comparison,
} from './comparison.ts'

it('has a fixture for every backbone of the registry, and none without one', () => {
  const fixtures = readdirSync(join(import.meta.dirname, 'fixtures'))
    .filter((file) => file.endsWith('.safetensors'))
    .map((file) => file.replace('.safetensors', ''))
  expect(fixtures.sort()).toEqual([...implementedBackbones].sort())
})

/** In `npm test` the cheapest variants of each family stand for all of them; `npm run test:parity` compares all. */
const sampledVariants = [
  'resnet18',
  'resnext50_32x4d',
  'vit_tiny_patch16_224',
  'vit_wee_patch16_reg1_gap_256',
  'deit_tiny_distilled_patch16_224',
  'eva02_tiny_patch14_336',
  'edgenext_xx_small',
  'coat_lite_tiny',
  'coatnet_rmlp_nano_rw_224',
  'mobilevit_xxs',
  'efficientnet_b1',
  'regnety_002',
  'wide_resnet28_10',
]
/** One model of each way in which positions are resized. */
const sampledResized = ['vit_tiny_patch16_224@96', 'eva02_tiny_patch14_224@168', 'swin_tiny_patch4_window7_224@128']
const compared =
  process.env['GAUNTLET_PARITY'] === 'all'
    ? [...variantFixtures(), ...resizedFixtures()]
    : [...sampledVariants, ...sampledResized]

it('has fixtures only of architectures that are implemented, and of every sample', () => {
  expect(variantFixtures().filter((id) => !implementedArchitectures.includes(id))).toEqual([])
  expect(variantFixtures()).toEqual(expect.arrayContaining(sampledVariants))
  expect(resizedFixtures()).toEqual(expect.arrayContaining(sampledResized))
})

describe.each([...implementedBackbones, ...compared])('%s on hash-filled weights is its reference', (id) => {
  let comparison: Comparison

  beforeAll(() => {
    comparison = compareWithReference(id)
  })

  afterAll(() => comparison.dispose())

  it('in the names, shapes and order of its tensors, and in the number of parameters', () => {
    const { specifications, fixture } = comparison
    expect(specifications.map(({ name, shape }) => [name, shape])).toEqual(
      fixture.stateDict.map(([name, shape]) => [name, shape]),
    )
    const shared = specifications.flatMap(({ name, sharedWith }) =>
      sharedWith === undefined ? [] : [[name, sharedWith]],
    )
    expect(Object.fromEntries(shared)).toEqual(fixture.aliases)
    expect(parameterCount(specifications, fixture)).toBe(fixture.parameters)
  })

  it('in the normalisation of its images', () => {
    expect(comparison.backbone.normalisation).toEqual(comparison.fixture.normalisation)
  })

  it('in its logits, and in the gradients of pixels and parameters', () => {
    const findings = compareEvaluation(comparison)
    expect(findings.length).toBeGreaterThan(10)
    expect(findings.filter((finding) => !holds(finding))).toEqual([])
  })

  it("in every norm's epsilon, with weights so faint that it matters", () => {
    const { measured, limit } = compareFaint(comparison)
    expect(measured).toBeLessThanOrEqual(limit)
  })

  it('in the gradients and the running statistics of a step in training', () => {
    const findings = compareTraining(comparison)
    expect(findings.length > 0).toBe(comparison.specifications.some(({ name }) => name.endsWith('running_var')))
    expect(findings.filter((finding) => !holds(finding))).toEqual([])
  })
})
