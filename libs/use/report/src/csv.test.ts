import { expect, it } from 'vitest'
import { csvOf } from './csv.ts'

it('quotes what would break a row, and lets no name be a formula', () => {
  expect(
    csvOf([
      ['a,b', 'say "x"', 'two\nlines'],
      [-0.5, '-12.5', '+1e-7'],
    ]),
  ).toBe('"a,b","say ""x""","two\nlines"\n-0.5,-12.5,+1e-7\n')
  expect(csvOf([['=HYPERLINK("x","y")', '@SUM(A1)', '-x', '+cmd', 'a=b']])).toBe(
    '"\'=HYPERLINK(""x"",""y"")",\'@SUM(A1),\'-x,\'+cmd,a=b\n',
  )
  expect(csvOf([['-2+3+cmd|x!A0', '+1+HYPERLINK(A1)']])).toBe("'-2+3+cmd|x!A0,'+1+HYPERLINK(A1)\n")
})
