import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { numberMacros, numbersCsv, numbersOf } from '../numbers.ts'
import { decimals, exact, interval, percentage, pValue, words, type Table } from '../tables/table.ts'
import { escapeLatex } from './escape.ts'
import { booktabs } from './fragments.ts'

const table: Table = {
  id: 'FFT-50/test',
  title: 'A & B',
  columns: [
    { key: 'name', heading: 'name' },
    { key: 'share', heading: 'share, %', isNumeric: true },
  ],
  rows: [
    { key: 'a_b', cells: [words('a_b'), percentage(-0.125)] },
    { key: 'c,"d"', cells: [words('c'), words(null)] },
  ],
}

it('a fragment has the rules of booktabs and a line for each row', () => {
  expect(booktabs(table).split('\n')).toEqual([
    '% A & B.',
    String.raw`\begin{tabular}{lr}`,
    String.raw`  \toprule`,
    String.raw`  name & share, \% \\`,
    String.raw`  \midrule`,
    String.raw`  a\_b & $-$12.5 \\`,
    '  c & -- \\\\',
    String.raw`  \bottomrule`,
    String.raw`\end{tabular}`,
    '',
  ])
})

it('escaping leaves no character of LaTeX’s own bare', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'a_%&#{}~^$') }), (text) => {
      const commands = /\\textascii(tilde|circum)\{\}|\\[_%&#{}$]/g
      expect(escapeLatex(text).replace(commands, '')).toMatch(/^a*$/)
    }),
  )
})

describe('numbers', () => {
  const numbers = numbersOf([table])

  it('have the key of their table, row and column, at full precision', () => {
    expect(numbers).toEqual([{ key: 'FFT-50/test/a_b/share', value: -0.125, text: '−12.5', source: '' }])
    expect(numbersCsv([{ ...numbers[0]!, key: 'c,"d"' }])).toBe('key,value,text,source\n"c,""d""",-0.125,−12.5,\n')
  })

  it('have keys of their own where a table repeats a row', () => {
    const row = (key: string) => ({ key, cells: [words('a'), percentage(0.5)] })
    const repeating = { ...table, rows: ['a', 'a', 'a-2', 'a'].map(row) }
    expect(numbersOf([repeating]).map(({ key }) => key)).toEqual([
      'FFT-50/test/a/share',
      'FFT-50/test/a-2/share',
      'FFT-50/test/a-2-2/share',
      'FFT-50/test/a-3/share',
    ])
  })

  it('have a macro each', () => {
    expect(numberMacros(numbers, 'digest')).toContain(String.raw`\gauntlet@number{FFT-50/test/a_b/share}{$-$12.5}`)
  })
})

it.each([
  [exact(18), '18'],
  [exact(null), '–'],
  [decimals(-0.12345, 2), '−0.12'],
  [pValue(0.0894), '0.089'],
  [pValue(2.203824e-10), '2.2e-10'],
  [pValue(0), '< 1e-300'],
  [interval([0.5, null], (end) => end.toFixed(1)), '0.5 to ∞'],
  [interval(null, String), '–'],
])('%j is shown as %s', (cell, text) => {
  expect(cell.text).toBe(text)
})
