import { analyzeStudy } from '@gauntlet/analysis'
import { expect, it } from 'vitest'
import { buildReport } from '../build-report.ts'
import { measuredInput } from '../report-input.fixture.ts'
import { stabilityOf } from './stability.ts'

/** The page of a study that has one accuracy in every cell; of the datasets here the catalogue knows `digits`. */
function pageWith(datasets: readonly string[], accuracy: number): string {
  const input = measuredInput({ datasets })
  const rows = input.study.rows.map((row) => ({
    ...row,
    accuracies: Object.fromEntries(Object.keys(row.accuracies).map((name) => [name, accuracy])),
  }))
  const study = { ...input.study, rows }
  return buildReport({ ...input, study, analysis: analyzeStudy(study) }).files['index.html']!
}

it('does not claim that numbers are above chance on datasets whose classes nobody knows', () => {
  const html = pageWith(['ours', 'theirs'], 0.01)
  expect(html).toContain('How many classes ours, theirs have is not known here')
  expect(html).not.toMatch(/at chance\.|times chance\. If|None of the/)
})

it('says of how many judged numbers some are at chance', () => {
  // 6 configurations × 5 perturbations on digits; as many on the other are not judged.
  expect(pageWith(['digits', 'ours'], 0.1)).toContain('30 of 30 numbers of those that could be judged are at most 2.5')
  expect(pageWith(['digits', 'ours'], 0.9)).toContain('None of the 30 numbers of those that could be judged is at most')
  const known = pageWith(['digits'], 0.9)
  expect(known).toContain('None of the 30 numbers of ranked configurations is at most 2.5 times chance.')
  expect(known).not.toContain('could not be judged')
})

it('claims nothing where no configuration is ranked', () => {
  const { study } = measuredInput()
  const rows = study.rows.map((row) => ({ ...row, accuracies: { ...row.accuracies, clean: null } }))
  const analysis = analyzeStudy({ ...study, rows }).protocols['FFT-50']!
  expect(stabilityOf(analysis, null).join(' ')).not.toMatch(/chance/)
})
