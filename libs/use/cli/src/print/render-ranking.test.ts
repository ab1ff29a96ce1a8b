import { bootstrapRanking, rank, rankBounds, type NumberedRow } from '@gauntlet/analysis'
import { measuredStudy } from '@gauntlet/analysis/fixtures/measured-study'
import { expect, it } from 'vitest'
import { rankedRows, renderRanking } from './render-ranking.ts'

const { study, outcomes } = measuredStudy({ backbones: 3, losses: ['CE'], seeds: [1, 2] })

function printed(rows: readonly NumberedRow[], resampled?: typeof outcomes): string {
  const chosen = { protocol: 'FFT-50', by: 'sum' as const }
  const numbers = { ...study, rows }
  const uncertainty = resampled ? bootstrapRanking(numbers, resampled, { ...chosen, draws: 20 }) : null
  const facts = { ...chosen, bounds: rankBounds(rows, chosen), uncertainty }
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

it('says what could not be resampled, and nothing of whether the first stays first where it is among that', () => {
  const digestsOf = (backbone: string) =>
    study.rows
      .filter((row) => row.backbone === backbone)
      .flatMap(({ origins }) => Object.values(origins))
      .map((origin) => (origin.kind === 'measured' ? origin.outcomesDigest : ''))
  const without = (backbone: string) => {
    const gone = new Set(digestsOf(backbone))
    return printed(study.rows, new Map([...outcomes].filter(([digest]) => !gone.has(digest))))
  }
  const notResampled = (backbone: string) =>
    `Not resampled, so that intervals are among the others: ${backbone} · CE (the outcomes of 10 of its 10 numbers are not at hand).`
  expect(printed(study.rows, outcomes)).toMatch(/The first stays first in \d/)
  expect(without('backbone 0')).toContain(notResampled('backbone 0'))
  expect(without('backbone 0')).toMatch(/The first stays first in \d/)
  expect(without('backbone 2')).toContain(notResampled('backbone 2'))
  expect(without('backbone 2')).not.toContain('stays first')
})
