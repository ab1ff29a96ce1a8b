import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectClose, expectNear, referenceFixture } from '../reference.fixture.ts'
import { betaQuantile, fTails, tTwoSided, tTwoSidedQuantile } from './continuous.ts'
import { binomialLowerTail, hypergeometric } from './discrete.ts'
import { incompleteBeta } from './incomplete-beta.ts'
import { logBeta, logGamma } from './log-gamma.ts'
import { normalUpperQuantile, normalUpperTail } from './normal.ts'
import { studentizedRangeUpperQuantile, studentizedRangeUpperTail } from './studentized-range.ts'

type Cases = readonly (readonly number[])[]
const fixture = referenceFixture<Record<string, Cases>>('distributions')

/** The tails of these fixtures go down to 1e-290. */
const tails: Readonly<Record<string, (...arguments_: number[]) => number>> = {
  normalUpperTail: (z) => normalUpperTail(z!),
  normalUpperQuantile: (p) => normalUpperQuantile(p!),
  fUpper: (f, numerator, denominator) => fTails(f!, numerator!, denominator!).upper,
  tTwoSided: (t, freedom) => tTwoSided(t!, freedom!),
  tTwoSidedQuantile: (p, freedom) => tTwoSidedQuantile(p!, freedom!),
  betaQuantile: (p, a, b) => betaQuantile(p!, a!, b!),
  binomialLowerTail: (k, n, p) => binomialLowerTail(k!, n!, p!),
}

describe('distributions agree with mpmath and SciPy to 1e-9, relative, however small the tail', () => {
  it.each(Object.keys(tails))('%s', (name) => {
    const cases = fixture[name]!
    expect(cases.length).toBeGreaterThan(5)
    for (const row of cases) expectClose(tails[name]!(...row.slice(0, -1)), row.at(-1)!, 1e-9, `${name} ${row}`)
  })
})

describe('the studentized range', () => {
  const freedomOf = (freedom: number | undefined) => freedom ?? Infinity

  it('agrees with SciPy to 1e-8, from 2 to 100 groups and 1 to infinite degrees of freedom', () => {
    const cases = fixture['studentizedRangeUpper']!
    expect(cases.length).toBe(294)
    for (const [q, groups, freedom, upper] of cases)
      expectNear(
        studentizedRangeUpperTail(q!, groups!, freedomOf(freedom)),
        upper!,
        1e-8,
        `${q}, ${groups}, ${freedom}`,
      )
  })

  it('has the quantiles of its tail', () => {
    for (const [p, groups, freedom, q] of fixture['studentizedRangeQuantile']!)
      expectNear(studentizedRangeUpperQuantile(p!, groups!, freedomOf(freedom)), q!, 1e-7, `${p}, ${groups}`)
  })

  it('is Student’s t over √2 for two groups, in its far tail too', () => {
    for (const [q, freedom] of [
      [0.5, 3],
      [3, 7],
      [20, 30],
      [60, 74],
      [90, 7000],
    ] as const)
      expectClose(
        studentizedRangeUpperTail(q, 2, freedom),
        tTwoSided(q / Math.SQRT2, freedom),
        1e-9,
        `q ${q}, freedom ${freedom}`,
      )
  })
})

describe('the special functions', () => {
  it('Γ(x + 1) is x Γ(x)', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e4, noNaN: true }), (x) => {
        expectNear(logGamma(x + 1), logGamma(x) + Math.log(x), 1e-13 * Math.max(1, logGamma(x + 1)), `x ${x}`)
      }),
    )
  })

  it('B(a + 1, b) is B(a, b) a / (a + b), where arguments are small, large, and one of each', () => {
    const argument = fc.oneof(
      fc.double({ min: 0.1, max: 20, noNaN: true }),
      fc.double({ min: 20, max: 1e6, noNaN: true }),
    )
    fc.assert(
      fc.property(argument, argument, (a, b) => {
        const expected = logBeta(a, b) + Math.log(a / (a + b))
        expectNear(logBeta(a + 1, b), expected, 1e-12 * Math.max(1, Math.abs(expected)), `${a}, ${b}`)
      }),
    )
  })

  it('tails add to 1 and mirror each other', () => {
    const shape = fc.double({ min: 0.1, max: 500, noNaN: true })
    fc.assert(
      fc.property(shape, shape, fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (a, b, x) => {
        const { lower, upper } = incompleteBeta(x, 1 - x, a, b)
        const mirrored = incompleteBeta(1 - x, x, b, a)
        expectNear(lower + upper, 1, 1e-12, 'sum')
        expectClose(mirrored.upper, lower, 1e-9, `I_${x}(${a}, ${b})`)
      }),
    )
  })

  it('have the values of their ends', () => {
    expect(incompleteBeta(0, 1, 2, 3)).toEqual({ lower: 0, upper: 1 })
    expect(incompleteBeta(1, 0, 2, 3)).toEqual({ lower: 1, upper: 0 })
    expect(fTails(Infinity, 2, 3)).toEqual({ lower: 1, upper: 0 })
    expect([tTwoSided(Infinity, 3), normalUpperTail(Infinity)]).toEqual([0, 0])
    expect([binomialLowerTail(-1, 5, 0.5), binomialLowerTail(5, 5, 0.5)]).toEqual([0, 1])
    expect(studentizedRangeUpperTail(0, 3, 5)).toBe(1)
    expect(normalUpperQuantile(0.5)).toBeCloseTo(0, 14)
  })

  it('hypergeometric probabilities add to 1', () => {
    const counts = fc.tuple(fc.nat(60), fc.nat(60), fc.nat(120))
    fc.assert(
      fc.property(counts, ([marked, others, drawn]) => {
        const total = marked + others
        const { probabilities } = hypergeometric(total, marked, Math.min(drawn, total))
        expectNear(
          probabilities.reduce((a, b) => a + b, 0),
          1,
          1e-10,
          `${marked} of ${total}, ${drawn} drawn`,
        )
      }),
    )
  })
})
