import { rank, rankBounds, type NumberedRow } from '@gauntlet/analysis'
import { measuredStudy } from '@gauntlet/analysis/fixtures/measured-study'
import { expect, it } from 'vitest'
import { rankedRows, renderRanking } from './render-ranking.ts'

const { study } = measuredStudy({ backbones: 3, losses: ['CE'], seeds: [1, 2] })

function printed(rows: readonly NumberedRow[]): string {
  const chosen = { protocol: 'FFT-50', by: 'sum' as const }
  const facts = { ...chosen, bounds: rankBounds(rows, chosen), uncertainty: null }
  const numbers = { ...study, rows }
  return renderRanking(numbers, rankedRows(numbers, rank(rows, chosen), facts), facts)
}

it('gives no rank to a configuration of which a seed lacks a number, and names it', () => {
  const rows = study.rows.map((row) =>
    row.backbone === 'backbone 2' && row.seed === 2 ? { ...row, accuracies: { ...row.accuracies, L1: null } } : row,
  )
  const [table, , missing, without] = printed(rows).split('\n\n')
  expect(table).toMatch(/\n   1  backbone 1 /)
  expect(table).not.toContain('backbone 2')
  expect(missing).toMatch(/^Missing numbers: 1, of 1 of 3 configurations; /)
  expect(without).toBe('Without a rank, by how many of their seeds have all numbers: backbone 2 · CE (1 of 2 seeds).')
})

it('says over how many seeds the means are where a configuration has fewer than others', () => {
  expect(printed(study.rows)).not.toContain('seeds')
  const table = printed(study.rows.filter(({ backbone, seed }) => backbone !== 'backbone 2' || seed === 1))
  expect(table).toMatch(/backbone 2 .*1 of 2/)
  expect(table).toMatch(/backbone 1 .*2 of 2/)
})
