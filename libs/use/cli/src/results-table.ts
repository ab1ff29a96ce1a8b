import {
  flagSentence,
  percent,
  rankConfigurations,
  wilsonInterval,
  type FlaggedCount,
  type RankedConfiguration,
} from '@gauntlet/analysis'
import { sayDifferences, type Cell, type MeasuredCell, type OlderNumber, type StudyResults } from '@gauntlet/client'
import type { PoolDescription } from './worker-description.ts'
import { renderTable, type Column } from './table.ts'

/** One row of a study's table, as `results --json` gives it. `current`: of the keys that a plan makes now. */
export function resultRow(cell: MeasuredCell, current = true) {
  const { row, dataset, backbone, loss, protocol, seed, inputContract } = cell
  const { perturbation, epsilon, evaluator, correct, total, accuracy } = cell
  const { flags, measurementId, environmentClass, codeDigest } = cell
  return {
    row,
    dataset,
    backbone,
    loss,
    protocol,
    seed,
    inputContract,
    perturbation,
    epsilon,
    evaluator,
    correct,
    total,
    accuracy,
    interval: wilsonInterval({ correct, total }),
    flags,
    measurementId,
    environmentClass,
    codeDigest,
    current,
  }
}

/** What a table shows besides the study's results. */
export interface TableContext {
  readonly pool: PoolDescription
  /** Numbers under other keys, where they were asked for. */
  readonly older?: readonly OlderNumber[]
}

/**
 * The table of a study: what its numbers are of, every measurement, the configurations in rank order, what is not
 * ranked and why, every cell without a number and why, and what there is besides.
 */
export function renderResults(results: StudyResults, { pool, older }: TableContext): string {
  const { rows, missing, failedSince, exclusions } = results
  const configurations = rankConfigurations<TableCell>([...rows, ...missing], countOf)
  const flagged = rows.filter(({ flags }) => flags.length > 0)
  const parts = [
    ...(rows.length > 0 ? [renderProvenance(rows, pool), renderMeasurements(rows)] : [sayNoNumbers(results)]),
    ...(rows.length > 0 ? [renderScores(configurations)] : []),
    ...section('Not ranked', refusals(configurations)),
    ...section(
      'Flagged',
      flagged.flatMap(({ row, flags }) => flags.map((flag) => `row ${row}: ${flagSentence(flag)}`)),
    ),
    ...section(
      'Failed since their number was measured',
      failedSince.map((cell) => `row ${cell.row}: ${cell.stage}, ${cell.failureClass}, ${cell.message}`),
    ),
    ...section(
      'Missing',
      missing.map((cell) => `${cellLabel(cell)}: ${cell.failureClass ?? 'pending'}, ${cell.reason}`),
    ),
    ...(exclusions.length > 0 ? [`Left out by the study: ${exclusions.map(({ reason }) => reason).join('; ')}`] : []),
    ...(older ? renderOlder(older) : sayOlder(results)),
  ]
  return parts.join('\n\n')
}

type TableCell = Cell & Partial<MeasuredCell>

function countOf({ correct, total, flags }: TableCell): FlaggedCount | null {
  return correct === undefined || total === undefined ? null : { correct, total, flags: flags ?? [] }
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [`${heading}:\n${lines.map((line) => `  ${line}`).join('\n')}`] : []
}

function sayNoNumbers({ study }: StudyResults): string {
  return `${study.name} has no number by the present code in this environment.`
}

/** What all numbers below are of: environment, code and how pixels reach the backbones. */
function renderProvenance(rows: readonly MeasuredCell[], { description, describedAt }: PoolDescription): string {
  const { device, libtensorflow, precision, threads } = description.environment as Record<string, unknown>
  const digests = [...new Set(rows.map(({ codeDigest }) => codeDigest.slice(0, 12)))]
  const contracts = [...new Set(rows.map(({ inputContract }) => inputContract))]
  const where = `${String(device)}, libtensorflow ${String(libtensorflow)}, ${String(precision)}, ${String(threads)} thread${threads === 1 ? '' : 's'}`
  const lines = [
    `environment ${description.environmentClass.slice(0, 12)}: ${where}`,
    `code of the evaluations ${digests.join(', ')} · input contract ${contracts.join(', ')}`,
  ]
  if (describedAt)
    lines.push(`No worker was asked: the table goes by what the pool said of itself at ${describedAt.toISOString()}.`)
  return lines.join('\n')
}

function renderMeasurements(rows: readonly MeasuredCell[]): string {
  return renderTable(
    [
      { heading: 'row', align: 'right', cell: ({ row }) => String(row) },
      ...configurationColumns(rows),
      ...numberColumns,
    ],
    rows,
  )
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

/** What tells configurations apart; the input contract only where a table has several. */
function configurationColumns(cells: readonly Cell[]): readonly Column<Cell>[] {
  const contracts = new Set(cells.map(({ inputContract }) => inputContract))
  return [
    { heading: 'dataset', cell: ({ dataset }) => dataset },
    { heading: 'backbone', cell: ({ backbone }) => backbone },
    { heading: 'loss', cell: ({ loss }) => loss },
    { heading: 'protocol', cell: ({ protocol }) => protocol },
    ...(contracts.size > 1 ? [{ heading: 'input contract', cell: ({ inputContract }: Cell) => inputContract }] : []),
    { heading: 'seed', align: 'right', cell: ({ seed }) => String(seed) },
  ]
}

function renderScores(configurations: readonly RankedConfiguration<TableCell>[]): string {
  const columns = configurationColumns(configurations.flatMap(({ cells }) => cells))
  return renderTable<RankedConfiguration<TableCell>>(
    [
      { heading: 'rank', align: 'right', cell: ({ rank }) => (rank === null ? '–' : String(rank)) },
      ...columns.map(({ cell, ...column }) => ({
        ...column,
        cell: ({ cells }: RankedConfiguration<TableCell>) => cell(cells[0]!),
      })),
      { heading: 'sum', align: 'right', cell: ({ scores }) => scores?.sum.toFixed(3) ?? '–' },
      { heading: 'geometric', align: 'right', cell: ({ scores }) => scores?.geometric.toFixed(5) ?? '–' },
    ],
    configurations,
  )
}

/** The numbers that keep their configuration out of the ranking, and why. */
function refusals(configurations: readonly RankedConfiguration<TableCell>[]): string[] {
  return configurations.flatMap(({ refusals, cells }) =>
    refusals.map(({ count, reason }) => `row ${cells[count]!.row}: ${reason}`),
  )
}

/** Says that there are older numbers where the table lacks them. */
function sayOlder({ study, missing, older }: StudyResults): string[] {
  const lacking = new Set(missing.map(({ row }) => row))
  const cells = new Set(older.map(({ row }) => row).filter((row) => lacking.has(row)))
  if (cells.size === 0) return []
  const numbers = cells.size === 1 ? '1 cell has a number' : `${cells.size} cells have numbers`
  return [
    `${numbers} by other code, in another environment or of other bytes; gauntlet results ${study.name} --all shows them and what differs.`,
  ]
}

function renderOlder(older: readonly OlderNumber[]): string[] {
  if (older.length === 0) return ['There are no numbers by other code or in another environment.']
  const table = renderTable<OlderNumber>(
    [
      { heading: 'row', align: 'right', cell: ({ row }) => String(row) },
      ...configurationColumns(older),
      ...numberColumns,
      { heading: 'what differs', cell: ({ differences }) => sayDifferences(differences) },
    ],
    older,
  )
  return [`By other code, in another environment or of other bytes, not ranked with the above:\n\n${table}`]
}

function cellLabel({ dataset, backbone, loss, protocol, seed, perturbation }: Cell): string {
  return [dataset, backbone, loss, protocol, `seed ${seed}`, perturbation].join(' · ')
}

function round(epsilon: number): string {
  return String(Number(epsilon.toPrecision(3)))
}
