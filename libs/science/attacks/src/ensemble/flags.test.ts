import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  flagsAfterEscalation,
  flagsOfAnswers,
  flagsOfGradients,
  flagsOfHeld,
  flagsOfVerdicts,
  type Flag,
} from './flags.ts'

const namesOf = (flags: readonly Flag[]) => flags.map(({ name }) => name)
const logits = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 3, maxLength: 12 })
const felledBy = (attack: string | null) => ({ felledBy: attack ? { attack, run: 0 } : null })

describe('flags', () => {
  it('are not raised by a model that gives the same ordinary logits twice', () => {
    fc.assert(
      fc.property(fc.array(logits, { minLength: 1, maxLength: 5 }), (rows) => {
        fc.pre(rows.some((row) => row.some((value) => value < -0.1)))
        const found = namesOf(flagsOfAnswers([rows, rows]))
        expect(found).not.toContain('randomised')
        expect(found).not.toContain('probabilities')
      }),
    )
  })

  it('are raised by a model that gives other logits the second time, whatever their scale', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (scale) => {
        const rows = (shift: number) => [[scale, -scale * (1 + shift), 0]]
        expect(namesOf(flagsOfAnswers([rows(0), rows(0.01)]))).toContain('randomised')
        expect(namesOf(flagsOfAnswers([rows(0), rows(0), rows(0.01)]))).toContain('randomised')
      }),
    )
  })

  it('are raised by probabilities', () => {
    fc.assert(
      fc.property(fc.array(logits, { minLength: 1, maxLength: 5 }), (rows) => {
        const softmax = rows.map((row) => {
          const sum = row.reduce((all, value) => all + Math.exp(value), 0)
          return row.map((value) => Math.exp(value) / sum)
        })
        expect(namesOf(flagsOfAnswers([softmax, softmax]))).toEqual(['probabilities'])
      }),
    )
  })

  it('are raised by saturated logits, with what follows from them', () => {
    const rows = [
      [100, 0, -50],
      [3, 90, 1],
      [1, 0, 2],
    ]
    expect(flagsOfAnswers([rows, rows])).toEqual([{ name: 'saturated', value: 2 / 3, limit: 0.1, policy: 'refuse' }])
  })

  it('are raised by a single zero gradient and by no small one', () => {
    expect(flagsOfGradients([1e-30, 4])).toEqual([])
    expect(flagsOfGradients([1e-30, 0])).toEqual([{ name: 'zero-gradient', value: 0.5, limit: 0, policy: 'escalate' }])
  })

  it('are raised where Square takes more than 0.2 points from what the gradients left', () => {
    const verdicts = (bySquare: number) =>
      Array.from({ length: 1000 }, (_, i) => felledBy(i < bySquare ? 'square' : i < 500 ? 'apgd-ce' : null))
    expect(flagsOfVerdicts(verdicts(2))).toEqual([])
    expect(namesOf(flagsOfVerdicts(verdicts(3)))).toEqual(['square-gained'])
    expect(namesOf(flagsOfVerdicts(verdicts(400)))).toEqual(['square-gained', 'square-first'])
    const wrongBefore = Array.from({ length: 900 }, () => felledBy('clean'))
    expect(namesOf(flagsOfVerdicts([...wrongBefore, ...verdicts(400)]))).toEqual(['square-gained', 'square-first'])
  })

  it('become notes once the evaluation has gone on as they asked, and refuse an accuracy that then still fell much', () => {
    const doubts = flagsOfVerdicts(Array.from({ length: 1000 }, (_, i) => felledBy(i < 3 ? 'square' : null)))
    expect(doubts.map(({ policy }) => policy)).toEqual(['escalate', 'escalate'])
    expect(flagsAfterEscalation(doubts, 2, 1000).map(({ policy }) => policy)).toEqual(['mark', 'mark'])
    expect(flagsAfterEscalation(doubts, 3, 1000).at(-1)).toEqual({
      name: 'unsettled',
      value: 0.003,
      limit: 0.002,
      policy: 'refuse',
    })
  })

  it('are raised where classes are too few for an attack, and not by an empty evaluation', () => {
    expect(namesOf(flagsOfVerdicts([felledBy(null)], 1))).toEqual(['few-classes'])
    expect([...flagsOfVerdicts([]), ...flagsOfAnswers([]), ...flagsOfGradients([])]).toEqual([])
  })
})

it('flags become notes where the accuracy is 0, which cannot be too high', () => {
  const doubts = [...flagsOfAnswers([[[1000, 0]], [[1000, 0]]]), ...flagsOfGradients([0])]
  expect(doubts.map(({ policy }) => policy)).toEqual(['refuse', 'escalate'])
  expect(flagsOfHeld(doubts, 1)).toEqual(doubts)
  expect(flagsOfHeld(doubts, 0).map(({ name, policy }) => [name, policy])).toEqual([
    ['saturated', 'mark'],
    ['zero-gradient', 'mark'],
  ])
})
