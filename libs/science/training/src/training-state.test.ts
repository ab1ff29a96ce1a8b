import type { NamedArray } from '@gauntlet/weights'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TrainingStateInvalid } from './training-errors.ts'
import { decodeTrainingState, encodeTrainingState, type TrainingState } from './training-state.ts'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const count = fc.nat(1_000_000)
const record = fc.record({
  epoch: fc.integer({ min: 1, max: 50 }),
  steps: count,
  learningRates: fc.record({ backbone: finite, head: finite }),
  training: fc.record({
    images: fc.integer({ min: 1, max: 1000 }),
    loss: finite,
    cleanCorrect: fc.option(count),
    adversarialCorrect: fc.option(count),
  }),
  validation: fc.constant(null),
})
const float32Array: fc.Arbitrary<NamedArray> = fc
  .tuple(fc.string({ minLength: 1, maxLength: 12 }), fc.float32Array({ minLength: 1, maxLength: 8 }))
  .map(([name, data]) => ({ name: `values.${name}`, dtype: 'float32', shape: [data.length], data }))
const state: fc.Arbitrary<TrainingState> = fc.record({
  settings: fc.stringMatching(/^[0-9a-f]{64}$/),
  position: fc.record({
    epoch: count,
    stepOfEpoch: count,
    step: count,
    sums: fc.record({ images: count, loss: finite, clean: count, adversarial: count }),
    history: fc.array(record, { maxLength: 3 }),
  }),
  arrays: fc.uniqueArray(float32Array, { selector: ({ name }) => name, minLength: 1, maxLength: 4 }),
})
const byName = (arrays: readonly NamedArray[]) => arrays.toSorted((a, b) => (a.name < b.name ? -1 : 1))
const bits = ({ data }: NamedArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')

describe('encodeTrainingState', () => {
  it('keeps every bit of a state', () => {
    fc.assert(
      fc.property(state, (one) => {
        const back = decodeTrainingState(encodeTrainingState(one))
        expect({ ...back, arrays: [] }).toEqual({ ...one, arrays: [] })
        expect(byName(back.arrays).map((array) => [array.name, array.shape, bits(array)])).toEqual(
          byName(one.arrays).map((array) => [array.name, array.shape, bits(array)]),
        )
      }),
    )
  })

  it('gives the same bytes for the same state, whatever the order of its arrays', () => {
    fc.assert(
      fc.property(state, (one) => {
        expect(encodeTrainingState({ ...one, arrays: one.arrays.toReversed() })).toEqual(encodeTrainingState(one))
      }),
    )
  })
})

describe('decodeTrainingState', () => {
  it('reads the state of the longest protocol', () => {
    const one = fc.sample(state, 1)[0]!
    const last = fc.sample(record, 1)[0]!
    const history = Array.from({ length: 99_999 }, (_, i) => ({ ...last, epoch: i + 1 }))
    const long = { ...one, position: { ...one.position, history } }
    expect(decodeTrainingState(encodeTrainingState(long)).position).toEqual(long.position)
  })

  it('refuses a file cut anywhere', () => {
    fc.assert(
      fc.property(state, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (one, share) => {
        const bytes = encodeTrainingState(one)
        expect(() => decodeTrainingState(bytes.subarray(0, Math.floor(share * bytes.length)))).toThrow(
          TrainingStateInvalid,
        )
      }),
    )
  })

  it('throws no other error than its own, whatever bytes are changed', () => {
    fc.assert(
      fc.property(state, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const bytes = encodeTrainingState(one).slice()
        bytes[at % bytes.length]! ^= flip
        try {
          decodeTrainingState(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(TrainingStateInvalid)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses another format, an unknown field and a step before the first', () => {
    const one = fc.sample(state, 1)[0]!
    const changed = [
      { ...one.position, step: -1 },
      { ...one.position, extra: 1 },
      { ...one.position, history: [{}] },
    ]
    for (const position of changed) {
      const bytes = encodeTrainingState({ ...one, position: position as TrainingState['position'] })
      expect(() => decodeTrainingState(bytes)).toThrow(TrainingStateInvalid)
    }
    const text = Buffer.from(encodeTrainingState(one))
      .toString('latin1')
      .replace('training-state-2', 'training-state-9')
    expect(() => decodeTrainingState(Buffer.from(text, 'latin1'))).toThrow(TrainingStateInvalid)
  })
})
