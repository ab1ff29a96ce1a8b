import { expect, it } from 'vitest'
import { evidenceOf } from './evidence-of.ts'
import { measuredStudy } from './measured-study.fixture.ts'
import type { NumberOrigin, StudyNumbers } from './study-numbers.ts'

it('tells what was measured here from what was imported or claimed', () => {
  const { study } = measuredStudy()
  const origins = study.rows.flatMap((row) => Object.values(row.origins))
  const under = (isImported: (at: number) => boolean): StudyNumbers => {
    let at = 0
    const sealed = (origin: NumberOrigin) =>
      origin.kind === 'measured' && isImported(at++) ? { ...origin, importSeal: 'ab'.repeat(32) } : origin
    const rows = study.rows.map((row) => ({
      ...row,
      origins: Object.fromEntries(Object.entries(row.origins).map(([name, origin]) => [name, sealed(origin)])),
    }))
    return { ...study, rows }
  }
  const elsewhere = 'measured elsewhere, and imported on the word of who made seal abababababab'
  expect(evidenceOf(study)).toBe('measured here')
  expect(evidenceOf(under(() => true))).toBe(elsewhere)
  expect(evidenceOf(under((at) => at < 3))).toBe(
    `measured here, but for 3 of ${origins.length}, which are ${elsewhere}`,
  )
  expect(evidenceOf({ ...study, evidence: 'claimed' })).toBe('claimed by a table, and measured by nobody here')
})
