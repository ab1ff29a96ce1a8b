import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { wholeNumber } from './whole-number.ts'

const read = wholeNumber('--draws', 1, 100_000)

it.each(['1', '2000', '100000'])('reads %s', (text) => expect(read(text)).toBe(Number(text)))

it.each(['0', '-5', '1.5', '1e3', '0x10', '100001', 'x', '', ' 7'])('refuses %j', (text) => {
  const sentence = `--draws is ${JSON.stringify(text)}; give a whole number from 1 to 100000.`
  expect(() => read(text)).toThrow(new Misuse(sentence))
})
