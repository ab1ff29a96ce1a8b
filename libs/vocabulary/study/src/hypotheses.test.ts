import { expect, it } from 'vitest'
import { parseHypotheses } from './hypotheses.ts'

it('reads claims with the contrasts and thresholds that decide them', () => {
  const text = `hypotheses:
  - claim: TRADES holds more than Classic AT
    contrast: { factor: loss, levels: [TRADES, Classic AT], perturbation: Linf }
    threshold: 0.02
  - claim: nothing holds at all
`
  expect(parseHypotheses(text, 'h.yaml')).toEqual([
    {
      claim: 'TRADES holds more than Classic AT',
      contrast: { factor: 'loss', levels: ['TRADES', 'Classic AT'], perturbation: 'Linf' },
      threshold: 0.02,
    },
    { claim: 'nothing holds at all' },
  ])
})

it('names the place of what it cannot read', () => {
  expect(() => parseHypotheses('hypotheses:\n  - claim: x\n    threshold: much\n', 'h.yaml')).toThrow(
    'h.yaml:3:16: hypotheses.0.threshold',
  )
  expect(() => parseHypotheses('', 'h.yaml')).toThrow('There are no hypotheses; write a list named hypotheses')
  expect(() => parseHypotheses('claims: []\n', 'h.yaml')).toThrow('Unrecognized key: "claims"')
  expect(() => parseHypotheses('hypotheses: []\n', 'h.yaml')).toThrow('h.yaml:1:')
})
