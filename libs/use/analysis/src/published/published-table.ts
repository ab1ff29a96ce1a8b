import { backboneFacts, backboneIds, closestName } from '@gauntlet/study'
import type { BackboneFactors, StudyRow } from '../paper/study-row.ts'
import { parseCsv, type CsvRow, type CsvTable } from './csv.ts'
import { PublishedTableInvalid, tableInvalid, type TableProblem } from './table-invalid.ts'
import { type DescribingField, type TableMapping } from './table-mapping.ts'

/** A row of a published table: claimed, not measured here. */
export interface PublishedRow extends StudyRow {
  /** As spreadsheets number rows: the header is row 1. */
  readonly row: number
  /** What the table calls the backbone in figures; null where it does not say. */
  readonly displayName: string | null
}

/**
 * The rows of a published table, by a mapping. Factors of a backbone come from the table where it has them, else from
 * the catalogue. An empty accuracy is a missing one. Throws PublishedTableInvalid with every problem: columns that are
 * missing, accuracies that are no number in [0, 1], values the mapping does not list, backbones nobody knows, rows that
 * repeat another.
 */
export function parsePublishedTable(text: string, mapping: TableMapping): PublishedRow[] {
  const table = parseCsv(text)
  requireColumns(table, mapping)
  const problems: TableProblem[] = []
  const rows = table.rows.map((csv) => rowOf(csv, mapping, (message) => problems.push({ row: csv.row, message })))
  problems.push(...repetitions(rows))
  if (problems.length > 0) throw new PublishedTableInvalid(problems.toSorted((a, b) => a.row! - b.row!))
  return rows
}

function requireColumns({ columns }: CsvTable, mapping: TableMapping): void {
  for (const [field, column] of Object.entries({ ...mapping.columns, ...mapping.accuracies })) {
    if (!columns.includes(column))
      throw tableInvalid(
        1,
        `Row 1 has no column '${column}', where the mapping looks for ${field}; its columns are ${columns.join(', ')}.`,
      )
  }
}

type Report = (message: string) => void

function rowOf({ row, cells }: CsvRow, mapping: TableMapping, report: Report): PublishedRow {
  const field = (name: DescribingField) => fieldOf(name, row, cells, mapping, report)
  const [backbone, dataset, loss, protocol] = (['backbone', 'dataset', 'loss', 'protocol'] as const).map((name) => {
    const value = field(name)
    if (value === null) report(`Row ${row} has no ${name}; fill it in.`)
    return value ?? ''
  }) as [string, string, string, string]
  const accuracies = Object.entries(mapping.accuracies).map(([perturbation, column]) => [
    perturbation,
    accuracyOf(cells[column]!, { row, column, scale: mapping.scale ?? 'fraction' }, report),
  ])
  const seed = field('seed')
  if (seed !== null && !/^\d+$/.test(seed)) report(`Row ${row} has the seed '${seed}'; a seed is a whole number.`)
  return {
    row,
    backbone,
    dataset,
    loss,
    protocol,
    ...(seed === null ? {} : { seed: Number(seed) }),
    accuracies: Object.fromEntries(accuracies),
    factors: factorsOf(
      backbone,
      row,
      { size: field('size'), type: field('type'), strategy: field('strategy') },
      report,
    ),
    displayName: field('displayName'),
  }
}

/** The value of a field, by the mapping's names; null where the row has none. */
function fieldOf(
  name: DescribingField,
  row: number,
  cells: CsvRow['cells'],
  mapping: TableMapping,
  report: Report,
): string | null {
  const column = mapping.columns[name]
  const written = column === undefined ? (mapping.constants?.[name] ?? '') : cells[column]!
  if (written === '') return null
  const names = mapping.values?.[name]
  if (!names || column === undefined) return written
  if (!Object.hasOwn(names, written)) {
    report(`Row ${row} has the ${name} '${written}'; the mapping knows ${Object.keys(names).join(', ')}.`)
    return written
  }
  return names[written]!
}

function accuracyOf(
  written: string,
  { row, column, scale }: { readonly row: number; readonly column: string; readonly scale: 'fraction' | 'percent' },
  report: Report,
): number | null {
  if (written === '') return null
  const largest = scale === 'percent' ? 100 : 1
  const number = Number(written)
  if (/^-?\d+,\d+$/.test(written))
    report(`Row ${row} has ${column} '${written}' with a decimal comma; write ${written.replace(',', '.')}.`)
  else if (!Number.isFinite(number))
    report(`Row ${row} has ${column} '${written}', which is no number; leave a missing one empty.`)
  else if (number < 0 || number > largest)
    report(`Row ${row} has ${column} ${written}; an accuracy lies in [0, ${largest}] here.`)
  else return number / largest
  return null
}

/** The table's word goes before the catalogue's; a backbone that neither knows can be in no group. */
function factorsOf(backbone: string, row: number, written: BackboneFactors, report: Report): BackboneFactors {
  const facts = backboneFacts(backbone)
  const factors = {
    size: written.size ?? facts?.size ?? null,
    type: written.type ?? facts?.familyType ?? null,
    strategy: written.strategy ?? facts?.pretrainingStrategy ?? null,
  }
  if (backbone !== '' && Object.values(factors).includes(null)) {
    const near = closestName(backbone, backboneIds)
    const guess = near === null ? '' : ` (nearest: '${near}')`
    report(
      `Row ${row} names the backbone '${backbone}', which the catalogue does not have${guess}; ` +
        'correct it, or map columns for size, type and strategy.',
    )
  }
  return factors
}

function repetitions(rows: readonly PublishedRow[]): TableProblem[] {
  const first = new Map<string, number>()
  return rows.flatMap(({ row, backbone, dataset, loss, protocol, seed }) => {
    const key = JSON.stringify([backbone, dataset, loss, protocol, seed])
    const known = first.get(key)
    if (known === undefined) {
      first.set(key, row)
      return []
    }
    const name = [backbone, dataset, loss, protocol, ...(seed === undefined ? [] : [`seed ${seed}`])].join(' · ')
    return [{ row, message: `Row ${row} repeats row ${known} (${name}); keep one.` }]
  })
}
