import { analyzeStudy, bootstrapRanking, type NumberedRow } from '@gauntlet/analysis'
import { measuredStudy } from '@gauntlet/analysis/fixtures/measured-study'
import { expect, it } from 'vitest'
import { boundsTable, rankingTable } from './ranking.ts'

const { study, outcomes } = measuredStudy({ backbones: 3, losses: ['CE'], seeds: [1, 2] })
const analysisOf = (rows: readonly NumberedRow[]) => analyzeStudy({ ...study, rows }).protocols['FFT-50']!

it('a configuration of which a seed lacks a number has no rank, and bounds that say so', () => {
  const rows = study.rows.map((row) =>
    row.backbone === 'backbone 2' && row.seed === 2 ? { ...row, accuracies: { ...row.accuracies, L1: null } } : row,
  )
  const analysis = analysisOf(rows)
  const keys = rankingTable('FFT-50', analysis, null).rows.map(({ key }) => key)
  expect(keys).toEqual(['backbone 1/CE', 'backbone 0/CE'])
  const bounds = boundsTable('FFT-50', analysis)!
  const at = bounds.columns.findIndex(({ key }) => key === 'complete-seeds')
  expect(bounds.rows.map(({ cells }) => cells[at]!.text)).toEqual(['2 of 2', '2 of 2', '1 of 2'])
  expect(bounds.note).toContain('or to 1 where the number of classes is not known')
})

it('a ranking names the configurations that could not be resampled', () => {
  const digestOf = ({ origins: { L1: origin } }: NumberedRow) =>
    origin?.kind === 'measured' ? origin.outcomesDigest : ''
  const fewer = new Map(outcomes)
  fewer.delete(digestOf(study.rows.find(({ backbone }) => backbone === 'backbone 1')!))
  const noteWith = (found: typeof fewer) =>
    rankingTable('FFT-50', analysisOf(study.rows), bootstrapRanking(study, found, { protocol: 'FFT-50', draws: 10 }))
      .note
  expect(noteWith(fewer)).toContain('leaves out backbone 1 · CE (the outcomes of 1 of its 10 numbers are not at hand).')
  expect(noteWith(new Map(outcomes))).not.toContain('leaves out')
})

it('a ranking says over how many seeds means are where a configuration has fewer than others', () => {
  const seedsOf = (rows: readonly NumberedRow[]) => {
    const table = rankingTable('FFT-50', analysisOf(rows), null)
    const at = table.columns.findIndex(({ key }) => key === 'seeds')
    return at < 0 ? null : table.rows.map(({ cells }) => cells[at]!.text)
  }
  expect(seedsOf(study.rows)).toBeNull()
  const fewer = study.rows.filter(({ backbone, seed }) => backbone !== 'backbone 2' || seed === 1)
  expect(seedsOf(fewer)).toEqual(['1 of 2', '2 of 2', '2 of 2'])
})
