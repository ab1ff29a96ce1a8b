import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCsv } from './csv.ts'
import { PublishedTableInvalid } from './table-invalid.ts'

/** A cell as RFC 4180 writes it. */
const written = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** Cells without white space at their ends, which is not kept. */
const cell = fc
  .string({ unit: fc.constantFrom('a', 'é', '0', ' ', ',', '"', '\n', '\r\n', ';'), maxLength: 8 })
  .map((text) => text.trim())

describe('comma-separated values', () => {
  it('are read back as they were written, whatever is in the cells', () => {
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), (rows, ending, last) => {
        const kept = rows.findLastIndex((row) => row.some((text) => text !== ''))
        fc.pre(kept >= 0)
        const records = [['x', 'y', 'z'], ...rows].map((row) => row.map(written).join(','))
        const { rows: found } = parseCsv(records.join(ending) + (last ? ending : ''))
        expect(found.map(({ cells }) => [cells['x'], cells['y'], cells['z']])).toEqual(rows.slice(0, kept + 1))
      }),
    )
  })

  it('number rows as spreadsheets do, with a byte-order mark or without, with line breaks in cells', () => {
    const { columns, rows } = parseCsv('\uFEFFname,accuracy\r\n"two\nlines",0.5\r\nnext,0.25\r\n\r\n')
    expect(columns).toEqual(['name', 'accuracy'])
    expect(rows).toEqual([
      { row: 2, cells: { name: 'two\nlines', accuracy: '0.5' } },
      { row: 3, cells: { name: 'next', accuracy: '0.25' } },
    ])
  })

  it.each([
    ['', 'The table is empty; it needs a header and a row for each configuration.'],
    ['\n\n', 'The table is empty; it needs a header and a row for each configuration.'],
    ['a,b\n', 'The table has a header and no rows; it needs one for each configuration.'],
    [
      'a;b\n0,5;1\n',
      'Row 1 is separated by semicolons; save the table with commas between cells and points in numbers.',
    ],
    ['a\tb\n1\t2\n', 'Row 1 is separated by tabs; save the table with commas between cells and points in numbers.'],
    ['a,b,a\n1,2,3\n', "Row 1 names the column 'a' twice; keep one."],
    ['a,b\n1,2\n0,95,1\n', 'Row 3 has 3 cells where the header has 2; quote cells that hold commas.'],
    ['a,b\n1\n', 'Row 2 has 1 cell where the header has 2; quote cells that hold commas.'],
    ['a,b\n1,"2\n', 'Row 2 opens a quote that never closes; close it, or double the quotes inside a cell.'],
    ['a,b\n"1"x,2\n', 'Row 2 goes on after a closing quote; double the quotes inside a cell.'],
  ])('refuse %j in one sentence', (text, sentence) => {
    expect(() => parseCsv(text)).toThrow(PublishedTableInvalid)
    expect(() => parseCsv(text)).toThrow(expect.objectContaining({ message: sentence }))
  })
})
