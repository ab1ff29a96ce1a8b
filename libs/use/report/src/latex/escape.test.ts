import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Table } from '../tables/table.ts'
import { numberMacros, type ReportNumber } from '../numbers.ts'
import { escapeLatex } from './escape.ts'
import { booktabs } from './fragments.ts'

const anyText = fc.string({ unit: 'binary' })

describe('text in LaTeX', () => {
  it('is ASCII that prints, whatever it was', () => {
    fc.assert(fc.property(anyText, (text) => /^[ -~]*$/.test(escapeLatex(text))))
  })

  it('has a command for every Greek letter', () => {
    const letters = [...'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψω']
    expect(letters.map(escapeLatex).filter((text) => !/^\$\\[A-Za-z]+(\{[A-Za-z]\})?\$$/.test(text))).toEqual([])
    expect(escapeLatex('its κ')).toBe(String.raw`its $\kappa$`)
  })

  it.each([
    ['Müller', String.raw`M\"{u}ller`],
    ['Peraí', String.raw`Pera\'{\i}`],
    ['ℓ∞ ≤ ½ ± 10⁻²', String.raw`$\ell$$\infty$ $\leq$ $\frac{1}{2}$ $\pm$ 10$^-$$^2$`],
    ['全', String.raw`\texttt{[U+5168]}`],
    ['🙂', String.raw`\texttt{[U+1F642]}`],
    ['two\n\nlines', 'two  lines'],
    ['[0.1]', '{[}0.1]'],
    ['constructor', 'constructor'],
  ])('%j is written %s', (text, written) => {
    expect(escapeLatex(text)).toBe(written)
  })
})

it('a title of several lines stays a comment', () => {
  const table: Table = {
    id: 'a',
    title: 'LP 50%\n\\input{/etc/passwd}\r\\x\u2028\\y',
    note: 'And\n\\this',
    columns: [],
    rows: [],
  }
  const lines = booktabs(table).split(/[\n\r\u2028]/)
  expect(lines[0]).toContain('passwd')
  expect(lines[1]).toMatch(/^\\begin\{tabular\}/)
})

describe('keys of macros', () => {
  const macroOf = (key: string) => {
    const number: ReportNumber = { key, value: 1, text: '1', source: '' }
    return numberMacros([number], 'digest')
      .split('\n')
      .find((line) => line.startsWith(String.raw`\gauntlet@number{`))!
  }

  it('are as they were where they are ordinary', () => {
    const key = 'FFT-50/ranking/convnext_tiny.in12k · TRADES/η² a × b/eps=4_255 (L∞)'
    expect(macroOf(key)).toBe(`\\gauntlet@number{${key}}{1}`)
  })

  it('have no character of the syntax of LaTeX', () => {
    expect(macroOf('LP 50%/a{b}\\c\n  d!')).toBe(
      String.raw`\gauntlet@number{LP 50!25!/a!7B!b!7D!!5C!c!A! !20!d!21!}{1}`,
    )
  })

  it('are as many as there are keys', () => {
    const unit = fc.constantFrom(...'ab !%{}\\#^25\n')
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (one, other) => {
        expect(macroOf(one) === macroOf(other)).toBe(one === other)
        expect(macroOf(one)).toMatch(/^\\gauntlet@number\{[^{}%\\#^]*\}\{1\}$/)
      }),
    )
  })
})
