import fc from 'fast-check'
import type { Outcome, OutcomeFacts } from '../outcome.ts'

const aDigest = fc.stringMatching(/^[0-9a-f]{64}$/)
const aFloat = fc.float({ noNaN: true, noDefaultInfinity: true })
const aDistance = fc.option(fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }))

/** A sound outcome, without its index. */
const anOutcome = fc
  .record({
    image: aDigest,
    label: fc.nat(999),
    prediction: fc.nat(999),
    held: fc.boolean(),
    run: fc.option(fc.nat(50)),
    margin: aFloat,
    distance: aDistance,
  })
  .map(({ label, prediction, held, run, ...rest }): Omit<Outcome, 'index'> =>
    held || prediction === label
      ? { ...rest, label, prediction: label, held: true, felledBy: null, run: null }
      : { ...rest, label, prediction, held: false, felledBy: 'apgd-ce', run },
  )

/** Sound outcomes of the images from 0 on. */
export const someOutcomes = fc
  .array(anOutcome, { maxLength: 20 })
  .map((outcomes) => outcomes.map((outcome, index): Outcome => ({ ...outcome, index })))

const aFlag = fc.record({
  name: fc.constantFrom('randomised', 'saturated', 'few-classes'),
  value: fc.double({ min: 0, max: 10, noNaN: true }),
  limit: fc.double({ min: 0, max: 10, noNaN: true }),
  policy: fc.constantFrom('mark', 'escalate', 'refuse'),
})

export const someFacts: fc.Arbitrary<OutcomeFacts> = fc.record({
  perturbation: fc.constantFrom('clean', 'Linf', 'L2', 'L1', 'common'),
  epsilon: fc.option(fc.double({ min: 1e-6, max: 100, noNaN: true })),
  evaluator: fc.constantFrom('argmax', 'apgd-ce-100', 'corruptions-11-s3'),
  evidence: fc.record(
    {
      flags: fc.array(aFlag, { maxLength: 3 }),
      forwards: fc.maxSafeNat(),
      backwards: fc.maxSafeNat(),
      escalation: fc.constant({ attacks: ['escalated-square'], attacked: 7, felled: 2 }),
    },
    { requiredKeys: ['flags', 'forwards', 'backwards'] },
  ),
})
