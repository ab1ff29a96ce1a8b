import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { letterDisplay } from './letter-display.ts'

/** Groups, and which pairs of them differ. */
const comparisons = fc
  .integer({ min: 1, max: 9 })
  .chain((groups) =>
    fc.record({ groups: fc.constant(groups), table: fc.array(fc.boolean(), { minLength: 81, maxLength: 81 }) }),
  )
  .map(({ groups, table }) => ({ groups, differs: (i: number, j: number) => table[9 * i + j]! }))

describe('the compact letter display', () => {
  it('gives two groups a letter in common if and only if they do not differ', () => {
    fc.assert(
      fc.property(comparisons, ({ groups, differs }) => {
        const letters = letterDisplay(groups, differs)
        for (let i = 0; i < groups; i++)
          for (let j = i + 1; j < groups; j++)
            expect([...letters[i]!].some((letter) => letters[j]!.includes(letter))).toBe(!differs(i, j))
      }),
    )
  })

  it('has no letter whose groups another letter covers', () => {
    fc.assert(
      fc.property(comparisons, ({ groups, differs }) => {
        const letters = letterDisplay(groups, differs)
        const holders = [...new Set(letters.join(''))].map((letter) => letters.map((own) => own.includes(letter)))
        for (const [i, one] of holders.entries())
          for (const other of holders.slice(i + 1)) {
            expect(one.some((holds, group) => holds && !other[group])).toBe(true)
            expect(other.some((holds, group) => holds && !one[group])).toBe(true)
          }
      }),
    )
  })

  it('gives the first group the first letter, and one letter to all where none differ', () => {
    expect(letterDisplay(3, () => false)).toEqual(['a', 'a', 'a'])
    expect(letterDisplay(3, (i, j) => i === 0 && j === 2)).toEqual(['a', 'ab', 'b'])
    expect(letterDisplay(2, () => true)).toEqual(['a', 'b'])
  })

  it('goes on after z with aa', () => {
    const letters = letterDisplay(28, () => true)
    expect([letters[25], letters[26], letters[27]]).toEqual(['z', 'aa', 'ab'])
  })
})
