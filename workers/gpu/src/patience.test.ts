import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Patience } from './patience.ts'

it('ends after the shortest limit where nothing was ever heard, and after twice that at the next attempt', () => {
  const [first, second] = [new Patience(1_000, 1), new Patience(1_000, 2)]
  expect([first.waited(1_000), first.waited(1)]).toEqual([false, true])
  expect([second.waited(2_000), second.waited(1)]).toEqual([false, true])
})

it('never ends for a pause that is not far longer than an earlier one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 20, noNaN: true }), (pause, times) => {
      const patience = new Patience(pause, 1)
      patience.waited(pause)
      patience.heard()
      expect(patience.waited(pause * times)).toBe(false)
    }),
  )
})

it('counts silence anew after each sign', () => {
  const patience = new Patience(100, 1)
  for (let i = 0; i < 50; i++) {
    expect(patience.waited(90)).toBe(false)
    patience.heard()
  }
})
