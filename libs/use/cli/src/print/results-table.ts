import {
  flagSentence,
  grouped,
  percent,
  rankConfigurations,
  wilsonInterval,
  type FlaggedCount,
  type ConfigurationStanding,
} from '@gauntlet/analysis'
import {
  formatDifferences,
  type DescribedPool,
  type ResultCell,
  type MeasuredCell,
  type OlderNumber,
  type StudyResults,
} from '@gauntlet/client'
import type { RowRange } from '@gauntlet/ledger'
import { cellLabel } from '@gauntlet/study'
import { renderTable, type Column } from './table.ts'
import { count } from './count.ts'

/** What a table shows beside the results of the study. */
export interface TableContext {
  readonly pool: DescribedPool
  /** The rows that were read; absent where all were. */
  readonly range?: RowRange
  /** Numbers under other keys; absent unless the user asks for them. */
  readonly older?: readonly OlderNumber[]
}

/**
 * The table of a study: the environment and code of its numbers, every measurement, the configurations in rank order,
 * those that are not ranked with the reasons, the cells without a number by reason, and the older numbers. A
 * part of a table has no ranks, which are among all configurations.
 */
export function renderResults(results: StudyResults, { pool, range, older }: TableContext): string {
  const { rows, missing, failedSince, exclusions } = results
  const configurations = rankConfigurations<TableCell>([...rows, ...missing], countOf)
  const flagged = rows.filter(({ flags }) => flags.length > 0)
  const parts = [
    ...(rows.length > 0 ? [renderProvenance(rows, pool), renderMeasurements(rows)] : [noNumbersSentence(results)]),
    ...(rows.length > 0 && !range ? [renderScores(configurations), ...rankSentence(results)] : []),
    ...(range ? [] : section('Not ranked', refusals(configurations))),
    ...section('Flagged', flagLines(flagged)),
    ...section('Imported', importLines(rows)),
    ...section(
      'Failed since their number was measured',
      failedSince.map((cell) => `row ${cell.row}: ${cell.stage}, ${cell.failureClass}, ${cell.message}`),
    ),
    ...section('Missing', missingLines(missing)),
    ...(exclusions.length > 0 ? [`Left out by the study: ${exclusions.map(({ reason }) => reason).join('; ')}`] : []),
    ...(older ? renderOlder(older) : olderNumbersSentence(results)),
    ...(range ? [partSentence(results, range)] : []),
  ]
  return parts.join('\n\n')
}

/** Over what the ranks go, where a table has several of it: an easy dataset stands before a hard one. */
function rankSentence({ study, rows, missing }: StudyResults): string[] {
  const cells = [...rows, ...missing]
  const several = (['dataset', 'protocol', 'seed'] as const).filter(
    (factor) => new Set(cells.map((cell) => cell[factor])).size > 1,
  )
  if (several.length === 0) return []
  const all = several.map((factor) => `${factor}s`).join(' and ')
  return [
    `Ranks go by the sum of accuracies, over all ${all} together; npx gauntlet rank ${study.name} ranks within a protocol, over its datasets and seeds.`,
  ]
}

/** A line for each flag of a row; flags that say the same of several rows share one. */
function flagLines(flagged: readonly MeasuredCell[]): string[] {
  const lines = flagged.flatMap(({ row, flags }) => flags.map((flag) => ({ row, sentence: flagSentence(flag) })))
  return [...grouped(lines, ({ sentence }) => sentence)].map(([sentence, same]) => `${rowsOf(same)}: ${sentence}`)
}

/** Configurations without numbers that are named for each reason. */
const namedMissing = 10

/** For each reason the cells without a number: how many, which rows, and of which configurations. */
function missingLines(missing: StudyResults['missing']): string[] {
  const reasons = grouped(missing, ({ failureClass, reason }) => `${failureClass ?? 'pending'}, ${reason}`)
  return [...reasons].flatMap(([reason, cells]) => {
    const configurations = [...grouped(cells, cellLabel)]
    const others = configurations.length - namedMissing
    return [
      `${count(cells.length, 'cell')}, ${rowsOf(cells)}: ${reason}`,
      ...configurations
        .slice(0, namedMissing)
        .map(([label, same]) => `  ${label}: ${same.map(({ perturbation }) => perturbation).join(', ')}`),
      ...(others > 0 ? [`  and ${count(others, 'more configuration')}`] : []),
    ]
  })
}

/** A line for each seal that numbers came with: these rest on the word of who sealed them. */
function importLines(rows: readonly MeasuredCell[]): string[] {
  const imported = rows.filter(({ importSeal }) => importSeal !== null)
  return [...grouped(imported, ({ importSeal }) => importSeal!)].map(
    ([seal, same]) =>
      `${rowsOf(same)}: under seal ${seal}, on the word of who made it until npx gauntlet reproduce has computed them here`,
  )
}

/** The rows of cells, which ascend, in few characters: `rows 1 to 4, 7`. */
function rowsOf(cells: readonly { readonly row: number }[]): string {
  const ranges: [first: number, last: number][] = []
  for (const { row } of cells) {
    const last = ranges.at(-1)
    if (last && last[1] === row - 1) last[1] = row
    else ranges.push([row, row])
  }
  const named = ranges.map(([first, last]) => (first === last ? first : `${first} to ${last}`)).join(', ')
  return `${cells.length === 1 ? 'row' : 'rows'} ${named}`
}

type TableCell = ResultCell & Partial<MeasuredCell>

function countOf({ correct, total, flags }: TableCell): FlaggedCount | null {
  return correct === undefined || total === undefined ? null : { correct, total, flags: flags ?? [] }
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [`${heading}:\n${lines.map((line) => `  ${line}`).join('\n')}`] : []
}

/** Which rows these are, and how to see others. */
function partSentence({ study, size }: StudyResults, { first, last }: RowRange): string {
  const end = Math.min(last, size)
  const next = `${end + 1}-${Math.min(end + 1 + last - first, size)}`
  const others = end < size ? ` --rows ${next} shows the next,` : ''
  return `Rows ${first.toLocaleString('en')} to ${end.toLocaleString('en')} of ${size.toLocaleString('en')};${others} --rows all the whole table, and npx gauntlet rank ${study.name} the ranks.`
}

function noNumbersSentence({ study }: StudyResults): string {
  return `${study.name} has no number by the present code in this environment.`
}

/** The environment, the code and the input contract of all numbers below. */
function renderProvenance(rows: readonly MeasuredCell[], { description, describedAt }: DescribedPool): string {
  const { device, libtensorflow, precision, threads } = description.environment as Record<string, unknown>
  const digests = [...new Set(rows.map(({ codeDigest }) => codeDigest.slice(0, 12)))]
  const contracts = [...new Set(rows.map(({ inputContract }) => inputContract))]
  const where = `${String(device)}, libtensorflow ${String(libtensorflow)}, ${String(precision)}, ${count(Number(threads), 'thread')}`
  const classes = [...new Set(rows.map(({ environmentClass }) => environmentClass.slice(0, 12)))]
  const environment =
    classes.length > 1
      ? `environments ${classes.join(', ')}: ranks compare numbers of ${classes.length} classes of machines; the column class says which number is of which`
      : `environment ${classes[0]}${classes[0] === description.environmentClass.slice(0, 12) ? `: ${where}` : ', of the pool in which the study was placed'}`
  const lines = [environment, `code of the evaluations ${digests.join(', ')} · input contract ${contracts.join(', ')}`]
  if (describedAt)
    lines.push(
      `No worker could be asked; the table is for the pool as it described itself at ${describedAt.toISOString()}.`,
    )
  return lines.join('\n')
}

function renderMeasurements(rows: readonly MeasuredCell[]): string {
  return renderTable(
    [
      { heading: 'row', align: 'right', cell: ({ row }) => String(row) },
      ...configurationColumns(rows),
      ...numberColumns,
      ...(rows.some(({ meanPerClass }) => meanPerClass !== undefined) ? [classMeanColumn] : []),
      ...(new Set(rows.map(({ environmentClass }) => environmentClass)).size > 1 ? [environmentColumn] : []),
    ],
    rows,
  )
}

const classMeanColumn: Column<MeasuredCell> = {
  heading: 'mean per class',
  align: 'right',
  cell: ({ meanPerClass }) => (meanPerClass === undefined ? '' : percent(meanPerClass)),
}

const environmentColumn: Column<MeasuredCell> = {
  heading: 'class',
  cell: ({ environmentClass }) => environmentClass.slice(0, 12),
}

const numberColumns: readonly Column<MeasuredCell>[] = [
  {
    heading: 'perturbation',
    cell: ({ perturbation, epsilon }) => (epsilon === null ? perturbation : `${perturbation} ε ${round(epsilon)}`),
  },
  { heading: 'evaluator', cell: ({ evaluator }) => evaluator },
  { heading: 'correct', align: 'right', cell: ({ correct, total }) => `${correct}/${total}` },
  {
    heading: 'accuracy',
    align: 'right',
    cell: ({ accuracy, flags }) => `${percent(accuracy)}${flags.length > 0 ? ' !' : ''}`,
  },
  { heading: '95 %', align: 'right', cell: (row) => wilsonInterval(row).map(percent).join(' – ') },
]

/** The columns that tell configurations apart. The input contract is one of them where a table has several. */
function configurationColumns(cells: readonly ResultCell[]): readonly Column<ResultCell>[] {
  const contracts = new Set(cells.map(({ inputContract }) => inputContract))
  return [
    { heading: 'dataset', cell: ({ dataset }) => dataset },
    { heading: 'backbone', cell: ({ backbone }) => backbone },
    { heading: 'loss', cell: ({ loss }) => loss },
    { heading: 'protocol', cell: ({ protocol }) => protocol },
    ...(contracts.size > 1
      ? [{ heading: 'input contract', cell: ({ inputContract }: ResultCell) => inputContract }]
      : []),
    { heading: 'seed', align: 'right', cell: ({ seed }) => String(seed) },
  ]
}

function renderScores(configurations: readonly ConfigurationStanding<TableCell>[]): string {
  const columns = configurationColumns(configurations.flatMap(({ cells }) => cells))
  return renderTable<ConfigurationStanding<TableCell>>(
    [
      { heading: 'rank', align: 'right', cell: ({ rank }) => (rank === null ? '–' : String(rank)) },
      ...columns.map(({ cell, ...column }) => ({
        ...column,
        cell: ({ cells }: ConfigurationStanding<TableCell>) => cell(cells[0]!),
      })),
      { heading: 'sum', align: 'right', cell: ({ scores }) => scores?.sum.toFixed(3) ?? '–' },
      { heading: 'geometric', align: 'right', cell: ({ scores }) => scores?.geometric.toFixed(5) ?? '–' },
    ],
    configurations,
  )
}

/** The numbers that keep their configuration out of the ranking, with the reasons. */
function refusals(configurations: readonly ConfigurationStanding<TableCell>[]): string[] {
  return configurations.flatMap(({ refusals, cells }) =>
    refusals.map(({ count, reason }) => `row ${cells[count]!.row}: ${reason}`),
  )
}

/** A sentence on the older numbers of cells that have no other. */
function olderNumbersSentence({ study, missing, older }: StudyResults): string[] {
  const lacking = new Set(missing.map(({ row }) => row))
  const cells = new Set(older.map(({ row }) => row).filter((row) => lacking.has(row)))
  if (cells.size === 0) return []
  const numbers = cells.size === 1 ? '1 cell has a number' : `${cells.size} cells have numbers`
  return [
    `${numbers} by other code, in another environment or of other bytes; npx gauntlet results ${study.name} --all shows them and what differs.`,
  ]
}

function renderOlder(older: readonly OlderNumber[]): string[] {
  if (older.length === 0) return ['There are no numbers by other code or in another environment.']
  const table = renderTable<OlderNumber>(
    [
      { heading: 'row', align: 'right', cell: ({ row }) => String(row) },
      ...configurationColumns(older),
      ...numberColumns,
      { heading: 'what differs', cell: ({ differences }) => formatDifferences(differences) },
    ],
    older,
  )
  return [`By other code, in another environment or of other bytes, not ranked with the above:\n\n${table}`]
}

function round(epsilon: number): string {
  return String(Number(epsilon.toPrecision(3)))
}
