import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { parseRows } from './parse-rows.ts'

it('takes a range, a row or all, and refuses anything else', () => {
  expect([parseRows('1-500'), parseRows('7'), parseRows('all')]).toEqual([
    { first: 1, last: 500 },
    { first: 7, last: 7 },
    null,
  ])
  for (const text of ['0', '5-4', '1-', '-3', '1 - 5', 'none', '1e3', '9999999999'])
    expect(() => parseRows(text)).toThrow(Misuse)
})
