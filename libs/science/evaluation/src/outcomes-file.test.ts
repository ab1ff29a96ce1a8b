import { digestOfBytes } from '@gauntlet/study'
import { tableFromIPC, tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { outcomeFacts, type Outcome } from './outcome.ts'
import { decodeOutcomes, encodeOutcomes } from './outcomes-file.ts'
import { OutcomesUnreadable } from './outcomes-unreadable.ts'
import { someFacts, someOutcomes } from './testing/arbitraries.ts'

const facts = outcomeFacts({
  name: 'Linf',
  epsilon: 4 / 255,
  evaluator: { name: 'apgd-ce', iterations: 20, restarts: 2 },
})
const held: Outcome = {
  image: 'b'.repeat(64),
  index: 0,
  label: 3,
  prediction: 3,
  held: true,
  felledBy: null,
  run: null,
  margin: 0.5,
  distance: 0.015625,
}
const fallen: Outcome = {
  ...held,
  image: 'c'.repeat(64),
  index: 1,
  prediction: 4,
  held: false,
  felledBy: 'apgd-ce',
  run: 1,
  margin: -0.25,
  distance: null,
}

describe('an outcomes file', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(someOutcomes, someFacts, (outcomes, anyFacts) => {
        expect(decodeOutcomes(encodeOutcomes(outcomes, anyFacts))).toEqual({ outcomes, facts: anyFacts })
      }),
    )
  })

  it('has the same bytes for the same outcomes, in this process and in every other', () => {
    const bytes = encodeOutcomes([held, fallen], facts)
    for (let i = 0; i < 3; i++) expect(encodeOutcomes([held, fallen], facts)).toEqual(bytes)
    expect(digestOfBytes(bytes)).toBe('c18d6f5a04ce8929cc49a470d492fe369f618eaa435b0ce7ebc4d2a1c4abb4e2')
  })

  it('opens in any Arrow reader, with its facts in the schema', () => {
    const table = tableFromIPC(encodeOutcomes([held, fallen], facts))
    expect(table.getChild('felledBy')!.toArray()).toEqual([null, 'apgd-ce'])
    expect(Object.fromEntries(table.schema.metadata)).toMatchObject({
      perturbation: 'Linf',
      evaluator: 'apgd-ce-20x2',
      count: '2',
      epsilon: String(4 / 255),
    })
  })

  it('is read from the middle of a larger buffer', () => {
    const bytes = encodeOutcomes([held, fallen], facts)
    const within = new Uint8Array(bytes.length + 3)
    within.set(bytes, 3)
    expect(decodeOutcomes(within.subarray(3)).outcomes).toEqual([held, fallen])
  })

  it('holds as many images as a test split has', () => {
    const outcomes = Array.from({ length: 70_000 }, (_, index) => ({ ...(index % 2 ? held : fallen), index }))
    expect(decodeOutcomes(encodeOutcomes(outcomes, facts)).outcomes).toEqual(outcomes)
  })

  it('is refused wherever it is cut off', () => {
    const bytes = encodeOutcomes([held, fallen], facts)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeOutcomes(bytes.subarray(0, length)), `${length} bytes`).toThrow(OutcomesUnreadable)
    }
  })

  it('is refused or still sound with any byte changed', () => {
    const bytes = encodeOutcomes([held, fallen], facts)
    for (let place = 0; place < bytes.length; place++) {
      for (const value of [0x00, 0x01, 0x7f, 0xff]) {
        try {
          expect(decodeOutcomes(bytes.with(place, value)).outcomes).toHaveLength(2)
        } catch (error) {
          expect(error, `byte ${place} as ${value}`).toBeInstanceOf(OutcomesUnreadable)
        }
      }
    }
  })

  it('is refused where it is random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => decodeOutcomes(bytes)).toThrow(OutcomesUnreadable)
      }),
    )
  })

  it.each([
    ['held with another prediction', { ...held, prediction: 4 }],
    ['fallen with the right prediction', { ...fallen, prediction: 3 }],
    ['fallen by nothing', { ...fallen, felledBy: null }],
    ['held and felled in a run', { ...held, run: 0 }],
    ['of half a run', { ...fallen, run: -1 }],
    ['held and felled', { ...held, felledBy: 'apgd-ce' }],
    ['of no image', { ...held, image: 'abc' }],
    ['of a negative place', { ...held, index: -1 }],
    ['of an infinite margin', { ...held, margin: Number.POSITIVE_INFINITY }],
    ['of a margin that is not a number', { ...held, margin: Number.NaN }],
    ['of a negative distance', { ...held, distance: -1 }],
  ])('is refused with an outcome %s', (_, outcome) => {
    expect(() => decodeOutcomes(encodeOutcomes([outcome], facts))).toThrow(OutcomesUnreadable)
  })

  it('is refused with an escalation that felled more images than it attacked', () => {
    const escalated = (felled: number) => ({
      ...facts,
      evidence: { ...facts.evidence, escalation: { attacks: ['escalated-square'], attacked: 3, felled } },
    })
    expect(decodeOutcomes(encodeOutcomes([held], escalated(3))).facts).toEqual(escalated(3))
    expect(() => decodeOutcomes(encodeOutcomes([held], escalated(4)))).toThrow(OutcomesUnreadable)
  })

  it.each(['1e-1', '0.10', '-0.1', 'Infinity1', ' 0.1'])('is refused with %j as its radius', (epsilon) => {
    const table = tableFromIPC(encodeOutcomes([held], facts))
    table.schema.metadata.set('epsilon', epsilon)
    expect(() => decodeOutcomes(tableToIPC(table, 'file'))).toThrow('its epsilon is')
  })

  it('is refused with other columns', () => {
    const table = tableFromIPC(encodeOutcomes([held, fallen], facts))
    const less = table.select(['image', 'index'])
    expect(() => decodeOutcomes(tableToIPC(less, 'file'))).toThrow('it does not have 9 columns')
    const turned = table.select(table.schema.names.toReversed())
    expect(() => decodeOutcomes(tableToIPC(turned, 'file'))).toThrow(
      'its columns are distance Float32?, margin Float32',
    )
  })

  it('is refused as a stream, which has no footer to check', () => {
    const table = tableFromIPC(encodeOutcomes([held], facts))
    expect(() => decodeOutcomes(tableToIPC(table, 'stream'))).toThrow(OutcomesUnreadable)
  })
})
