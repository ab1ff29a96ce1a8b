import { describe, expect, it } from 'vitest'
import { stageKey, stages, type StageIdentity } from './stage.ts'

const identity: StageIdentity = {
  stage: 'fine-tune',
  codeDigest: 'c'.repeat(64),
  environmentClass: 'e'.repeat(64),
  parameters: { epochs: 4 },
  seed: 1,
  inputs: { manifest: 'a'.repeat(64), parameters: 'b'.repeat(64) },
}

describe('a stage key', () => {
  it.each([
    { stage: 'checkpoint' as const },
    { codeDigest: 'd'.repeat(64) },
    { environmentClass: 'f'.repeat(64) },
    { parameters: { epochs: 5 } },
    { seed: 2 },
    { inputs: { manifest: 'b'.repeat(64), parameters: 'a'.repeat(64) } },
    { inputs: { manifest: 'a'.repeat(64) } },
  ])('changes with %o', (change) => {
    expect(stageKey({ ...identity, ...change })).not.toBe(stageKey(identity))
  })

  it('is the same for the same work, however its inputs are listed', () => {
    const { manifest, parameters } = identity.inputs as { manifest: string; parameters: string }
    expect(stageKey({ ...identity, inputs: { parameters, manifest } })).toBe(stageKey(identity))
  })

  it('fails closed where an input has no digest', () => {
    expect(() => stageKey({ ...identity, inputs: { manifest: undefined as unknown as string } })).toThrow(
      '$.inputs.manifest',
    )
  })
})

it('the first stage prepares the dataset and the last one aggregates', () => {
  expect([stages[0], stages.at(-1)]).toEqual(['prepare-dataset', 'aggregate'])
})
