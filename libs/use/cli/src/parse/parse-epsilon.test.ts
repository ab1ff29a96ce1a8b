import { expect, it } from 'vitest'
import { parseEpsilon } from './parse-epsilon.ts'

it.each([
  ['0', 0],
  ['0.0157', 0.0157],
  ['.5', 0.5],
  ['8/255', 8 / 255],
  ['1e-3', 1e-3],
  ['75', 75],
])('reads the radius %s', (text, epsilon) => {
  expect(parseEpsilon(text)).toBe(epsilon)
})

it.each(['', 'x', '-1', 'NaN', 'Infinity', '1e999', '1/0', '0/0', '4/255/2', '1,5', '4 / 255'])(
  'refuses the radius %j',
  (text) => {
    expect(() => parseEpsilon(text)).toThrow(
      `--epsilon is ${JSON.stringify(text)}; give a number of at least 0, such as 0.5 or 4/255.`,
    )
  },
)
