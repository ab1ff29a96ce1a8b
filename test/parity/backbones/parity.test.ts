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

  it('in the names, shapes and order of its tensors, and in the number of its parameters', () => {
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

  it('in what it is fed', () => {
    expect(comparison.backbone.normalisation).toEqual(comparison.fixture.normalisation)
  })

  it('in its logits, and in the gradients by its pixels and its parameters', () => {
    const findings = compareEvaluation(comparison)
    expect(findings.length).toBeGreaterThan(10)
    expect(findings.filter((finding) => !holds(finding))).toEqual([])
  })

  it("in every norm's epsilon, by weights so faint that it counts", () => {
    const { measured, limit } = compareFaint(comparison)
    expect(measured).toBeLessThanOrEqual(limit)
  })

  it('in what a step of training sees and moves', () => {
    const findings = compareTraining(comparison)
    expect(findings.length > 0).toBe(comparison.specifications.some(({ name }) => name.endsWith('running_var')))
    expect(findings.filter((finding) => !holds(finding))).toEqual([])
  })
})
