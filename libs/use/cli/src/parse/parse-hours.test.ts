import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { parseHours } from './parse-hours.ts'

it.each([
  ['2', 7_200],
  ['0.5h', 1_800],
  ['none', null],
])('reads %s', (text, seconds) => expect(parseHours(text)).toBe(seconds))

it.each(['', '0', '-1', 'NaN', '1e3', '2 h', 'Infinity'])('refuses %j', (text) => {
  expect(() => parseHours(text)).toThrow(Misuse)
})
