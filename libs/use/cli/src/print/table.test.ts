import { expect, it } from 'vitest'
import { renderTable } from './table.ts'

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

it('has headings where there are no rows', () => {
  expect(renderTable([{ heading: 'name', cell: String }], [])).toBe('name\n────')
})

it('has no character that could draw over the terminal or break a line', () => {
  const rows = ['a\u001b[2J\u001b]0;owned\u0007', 'two\nlines']
  const [, , ...lines] = renderTable([{ heading: 'class', cell: String }], rows).split('\n')
  expect(lines).toEqual(['a [2J ]0;owned', 'two lines'])
})
