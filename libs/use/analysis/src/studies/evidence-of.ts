import { countNumbers, type StudyNumbers } from './study-numbers.ts'

/** On what the numbers of a study rest, in words that go on "numbers that are …". */
export function evidenceOf(study: StudyNumbers): string {
  if (study.evidence === 'claimed') return 'claimed by a table, and measured by nobody here'
  const origins = study.rows.flatMap((row) => Object.values(row.origins))
  const seals = origins.flatMap((origin) => (origin.kind === 'measured' && origin.importSeal ? origin.importSeal : []))
  if (seals.length === 0) return 'measured here'
  const names = [...new Set(seals)].map((seal) => seal.slice(0, 12)).join(', ')
  const elsewhere = `measured elsewhere, and imported on the word of who made seal ${names}`
  const total = countNumbers(study)
  return seals.length >= total
    ? elsewhere
    : `measured here, but for ${seals.length} of ${total}, which are ${elsewhere}`
}
