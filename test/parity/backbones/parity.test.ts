import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { implementedBackbones } from '@gauntlet/backbones'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  const fixtures = readdirSync(join(import.meta.dirname, 'fixtures')).map((file) => file.replace('.safetensors', ''))
  expect(fixtures.sort()).toEqual([...implementedBackbones].sort())
})

describe.each(implementedBackbones)('%s on hash-filled weights is its reference', (id) => {
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
