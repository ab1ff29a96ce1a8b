import { expect, it } from 'vitest'
import { duration, percent, renderTable } from './table.ts'

it('aligns every column to its widest cell', () => {
  const table = renderTable<{ name: string; count: number }>(
    [
      { heading: 'name', cell: ({ name }) => name },
      { heading: 'n', align: 'right', cell: ({ count }) => String(count) },
    ],
    [
      { name: 'a', count: 5 },
      { name: 'longer', count: 120 },
    ],
  )
  expect(table.split('\n')).toEqual(['name      n', '──────  ───', 'a         5', 'longer  120'])
})

it('keeps its headings when there are no rows', () => {
  expect(renderTable([{ heading: 'name', cell: String }], [])).toBe('name\n────')
})

it('writes ratios and durations as people read them', () => {
  expect(percent(0.4375)).toBe('43.8 %')
  expect([0, 59.4, 95, 3661].map(duration)).toEqual(['0 s', '59 s', '1 min 35 s', '1 h 1 min'])
})
