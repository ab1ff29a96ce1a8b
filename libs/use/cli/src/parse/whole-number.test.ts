import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { imageCount, seed, wholeNumber } from './whole-number.ts'

const read = wholeNumber('--draws', 1, 100_000)

it.each(['1', '2000', '100000'])('reads %s', (text) => expect(read(text)).toBe(Number(text)))

it.each(['0', '-5', '1.5', '1e3', '0x10', '100001', 'x', '', ' 7'])('refuses %j', (text) => {
  const sentence = `--draws is ${JSON.stringify(text)}; give a whole number from 1 to 100000.`
  expect(() => read(text)).toThrow(new Misuse(sentence))
})

it('reads a count of images, or all of them', () => {
  const images = imageCount('--test', 0)
  expect([images('0'), images('all')]).toEqual([0, null])
  expect(() => images('some')).toThrow('--test is "some"; give a whole number from 0 to 999999999, or all.')
})

it('reads a seed of 32 bits', () => {
  expect(seed('--seed')('4294967295')).toBe(4_294_967_295)
  expect(() => seed('--seed')('4294967296')).toThrow(
    '--seed is "4294967296"; give a whole number from 0 to 4294967295.',
  )
})
