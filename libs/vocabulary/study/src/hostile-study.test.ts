import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemLines } from './malformed-study.fixture.ts'
import { tinyStudyWith } from './tiny-study.fixture.ts'

/** A valid file that uses every feature, so that a mutation can hit any part of the reader. */
const complete = tinyStudyWith({
  datasets: `[{ id: digits, resolution: 32, images: { test: all } }]`,
  seeds: '[1, 2]',
  include: '\n  - { loss: standard, seed: 1 }',
  exclude: '\n  - { where: { loss: TRADES, seed: 2 }, reason: later }',
  perturbations:
    '\n  - clean\n  - { name: Linf, epsilon: 4/255, evaluator: { name: apgd-ce, iterations: 5 } }\n  - { name: common, severity: 2 }',
  hyperparameters: '{ microBatch: 32, augmentation: { colorJitter: 0 } }',
  overrides: '\n  - { where: { loss: TRADES }, set: { tradesBeta: 6 } }',
})

const oneLine = /^f\.study\.yaml:\d+:\d+: [^\n]+$|^… and \d+ more problems\.$/

/** Expects that a file is accepted or refused in lines with positions; `problemLines` fails on any other error. */
function expectLinesOnly(source: string | Uint8Array): void {
  for (const line of problemLines(source)) expect(line).toMatch(oneLine)
}

describe('a hostile study file', () => {
  it('is accepted before it is altered', () => {
    expect(problemLines(complete)).toEqual([])
  })

  it('with bytes changed, dropped or doubled is read or refused in lines with positions', () => {
    const bytes = new TextEncoder().encode(complete)
    const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(40), fc.uint8Array({ maxLength: 8 }))
    fc.assert(
      fc.property(edit, ([at, dropped, inserted]) => {
        expectLinesOnly(Uint8Array.from([...bytes.slice(0, at), ...inserted, ...bytes.slice(at + dropped)]))
      }),
      { numRuns: 300 },
    )
  })

  it('with YAML’s own signs inserted is read or refused in lines with positions', () => {
    const sign = fc.constantFrom(
      '&a ',
      '*a',
      '!!map ',
      '[',
      ']',
      '{',
      '}',
      '- ',
      '? ',
      ': ',
      '|\n',
      '>\n',
      '"',
      "'",
      '#',
      '---\n',
      '...\n',
      '\t',
      '%',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(complete.length), sign), { minLength: 1, maxLength: 3 }), (signs) => {
        expectLinesOnly(signs.reduce((text, [at, written]) => text.slice(0, at) + written + text.slice(at), complete))
      }),
      { numRuns: 300 },
    )
  })

  it('with any value under any key is read or refused in lines with positions', () => {
    const keys = [
      'name',
      'datasets',
      'losses',
      'seeds',
      'include',
      'exclude',
      'perturbations',
      'evaluator',
      'images',
      'overrides',
      'hyperparameters',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        expectLinesOnly(tinyStudyWith({ [key]: JSON.stringify(value) }))
      }),
      { numRuns: 200 },
    )
  })
})
