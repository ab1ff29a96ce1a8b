import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

/** A fixture of test/parity/analysis, made by its make_fixtures.py from SciPy, statsmodels and mpmath. */
export function referenceFixture<T>(name: string): T {
  const file = new URL(`../../../../test/parity/analysis/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

/** Numbers agree to a relative tolerance; two zeros do, and nothing else agrees with zero. */
export function expectClose(actual: number, expected: number, relative: number, what: string): void {
  const scale = Math.abs(expected)
  expect(Math.abs(actual - expected), `${what}: ${actual} where the reference has ${expected}`).toBeLessThanOrEqual(
    relative * scale + Number.MIN_VALUE,
  )
}

/** As `expectClose`, for numbers whose scale is that of the data rather than their own. */
export function expectNear(actual: number, expected: number, absolute: number, what: string): void {
  expect(Math.abs(actual - expected), `${what}: ${actual} where the reference has ${expected}`).toBeLessThanOrEqual(
    absolute,
  )
}
