import type { MeasuredCell, StudyResults } from '@gauntlet/ledger'
import { expect, it } from 'vitest'
import { renderResults } from './results-table.ts'

const cell = (row: number, correct: number, changes: Partial<MeasuredCell> = {}): MeasuredCell => ({
  row,
  configurationId: `configuration ${row}`,
  dataset: 'digits',
  backbone: `backbone ${row}`,
  loss: 'Classic AT',
  protocol: 'FFT-5',
  seed: 1,
  perturbation: 'Linf',
  epsilon: 0.1,
  evaluator: 'autoattack-standard',
  measurementId: 'm',
  flags: [],
  correct,
  total: 10,
  accuracy: correct / 10,
  stageKey: 's',
  outcomesDigest: 'o',
  codeDigest: 'c',
  environmentClass: 'e',
  ...changes,
})

const study = { study: {} as StudyResults['study'], missing: [], exclusions: [] }

it('ranks configurations, and keeps out with its reason what a flag refuses', () => {
  const flags = [{ name: 'saturated', value: 0.5, limit: 0.1, policy: 'refuse' }] as const
  const table = renderResults({ ...study, rows: [cell(1, 3), cell(2, 9, { flags }), cell(3, 5)] })
  const rankOf = (backbone: string) =>
    table
      .split('\n')
      .findLast((line) => line.includes(backbone))!
      .trim()
      .split(/ +/)[0]
  expect(['backbone 1', 'backbone 2', 'backbone 3'].map(rankOf)).toEqual(['2', '–', '1'])
  expect(table).toMatch(/Not ranked:\n {2}row 2: a share of 0.5 .*logits so far apart/)
})

it('says nothing of a ranking that leaves nothing out', () => {
  expect(renderResults({ ...study, rows: [cell(1, 3)] })).not.toContain('Not ranked')
})
