import { expect, it } from 'vitest'
import { measureForms } from './measure-forms.ts'

it('measures every form on convolutions, products and their gradients, the fastest first', () => {
  const trials = measureForms(['plain', 'xla', 'bfloat16'])
  expect(trials.map(({ form }) => form.name).toSorted()).toEqual(['bfloat16', 'plain', 'xla'])
  expect(trials.map(({ refused }) => refused)).toEqual([undefined, undefined, undefined])
  for (const { seconds } of trials) expect(seconds).toBeGreaterThan(0)
  expect(trials.map(({ seconds }) => seconds)).toEqual(trials.map(({ seconds }) => seconds).toSorted((a, b) => a - b))
}, 60_000)
