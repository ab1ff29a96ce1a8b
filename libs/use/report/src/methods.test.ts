import { expect, it } from 'vitest'
import { methodsOf } from './methods.ts'
import { measuredInput, publishedInput } from './report-input.fixture.ts'
import type { ReportInput } from './report-input.ts'

const textOf = (input: ReportInput, method: string) => methodsOf(input).find(({ name }) => name === method)!.text

it('does not say that there are no outcomes where there are some that cannot be resampled', () => {
  const input = measuredInput()
  const uncertainty = Object.fromEntries(
    Object.entries(input.uncertainty).map(([protocol, one]) => [protocol, { ...one, ranking: null }]),
  )
  expect(textOf({ ...input, uncertainty }, 'Uncertainty')).toMatch(/^Ranks have no intervals here: of no configuration/)
  expect(textOf(publishedInput(), 'Uncertainty')).toMatch(/^There are no outcomes to resample/)
})
