import { flagSentence, standings, wilsonInterval, type Standing } from '@gauntlet/analysis'
import type { MeasuredCell, StudyResults } from '@gauntlet/ledger'
import { percent, renderTable } from './table.ts'

/** One row of a study's table, as `results --json` gives it. */
export function resultRow({
  row,
  dataset,
  backbone,
  loss,
  protocol,
  seed,
  perturbation,
  epsilon,
  evaluator,
  flags,
  correct,
  total,
  accuracy,
  measurementId,
}: MeasuredCell) {
  return {
    row,
    dataset,
    backbone,
    loss,
    protocol,
    seed,
    perturbation,
    epsilon,
    evaluator,
    correct,
    total,
    accuracy,
    interval: wilsonInterval({ correct, total }),
    flags,
    measurementId,
  }
}

/**
 * The table of a study: every measurement, then the scores of each configuration, what is not ranked and why, then
 * every cell without a number and why.
 */
export function renderResults({ rows, missing, exclusions }: StudyResults): string {
  const configurations = standingsOf(rows, missing)
  const parts = [renderMeasurements(rows), renderScores(configurations), ...renderRefusals(configurations)]
  const flagged = rows.filter(({ flags }) => flags.length > 0)
  if (flagged.length > 0) parts.push(`Flagged:\n${flagged.map(renderFlags).join('\n')}`)
  if (missing.length > 0)
    parts.push(
      `Missing:\n${missing.map((cell) => `  ${cellLabel(cell)}: ${cell.failureClass ?? 'pending'}, ${cell.reason}`).join('\n')}`,
    )
  if (exclusions.length > 0) parts.push(`Left out by the study: ${exclusions.map(({ reason }) => reason).join('; ')}`)
  return parts.join('\n\n')
}

function renderMeasurements(rows: StudyResults['rows']): string {
  return renderTable(
    [
      { heading: 'row', align: 'right', cell: ({ row }) => String(row) },
      ...configurationColumns,
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
      {
        heading: '95 %',
        align: 'right',
        cell: (row) => wilsonInterval(row).map(percent).join(' – '),
      },
    ],
    rows,
  )
}

/** The rows marked with `!`, and why. */
function renderFlags({ row, flags }: MeasuredCell): string {
  return flags.map((flag) => `  row ${row}: ${flagSentence(flag)}`).join('\n')
}

const configurationColumns = [
  { heading: 'dataset', cell: ({ dataset }: ConfigurationCell) => dataset },
  { heading: 'backbone', cell: ({ backbone }: ConfigurationCell) => backbone },
  { heading: 'loss', cell: ({ loss }: ConfigurationCell) => loss },
  { heading: 'protocol', cell: ({ protocol }: ConfigurationCell) => protocol },
  { heading: 'seed', align: 'right' as const, cell: ({ seed }: ConfigurationCell) => String(seed) },
]

type ConfigurationCell = Pick<MeasuredCell, 'configurationId' | 'dataset' | 'backbone' | 'loss' | 'protocol' | 'seed'>

interface StandingConfiguration extends Standing {
  readonly cell: ConfigurationCell
  /** The table's rows of its numbers, null where there is none. */
  readonly counts: readonly (MeasuredCell | null)[]
}

/** The configurations in the order of the table, each with its scores and its rank. */
function standingsOf(rows: StudyResults['rows'], missing: StudyResults['missing']): StandingConfiguration[] {
  const configurations = new Map<string, { cell: ConfigurationCell; counts: (MeasuredCell | null)[] }>()
  const add = (cell: ConfigurationCell, count: MeasuredCell | null) => {
    const known = configurations.get(cell.configurationId) ?? { cell, counts: [] }
    known.counts.push(count)
    configurations.set(cell.configurationId, known)
  }
  rows.forEach((row) => add(row, row))
  missing.forEach((cell) => add(cell, null))
  const all = [...configurations.values()]
  const standing = standings(all.map(({ counts }) => counts))
  return all.map((configuration, i) => ({ ...configuration, ...standing[i]! }))
}

function renderScores(configurations: readonly StandingConfiguration[]): string {
  return renderTable<StandingConfiguration>(
    [
      { heading: 'rank', align: 'right', cell: ({ rank }) => (rank === null ? '–' : String(rank)) },
      ...configurationColumns.map(({ cell, ...column }) => ({
        ...column,
        cell: (configuration: StandingConfiguration) => cell(configuration.cell),
      })),
      { heading: 'sum', align: 'right', cell: ({ scores }) => scores?.sum.toFixed(3) ?? '–' },
      { heading: 'geometric', align: 'right', cell: ({ scores }) => scores?.geometric.toFixed(5) ?? '–' },
    ],
    configurations,
  )
}

/** The numbers that keep their configuration out of the ranking, and why. */
function renderRefusals(configurations: readonly StandingConfiguration[]): string[] {
  const lines = configurations.flatMap(({ refusals, counts }) =>
    refusals.map(({ count, reason }) => `  row ${counts[count]!.row}: ${reason}`),
  )
  return lines.length > 0 ? [`Not ranked:\n${lines.join('\n')}`] : []
}

function cellLabel({
  dataset,
  backbone,
  loss,
  protocol,
  seed,
  perturbation,
}: ConfigurationCell & { readonly perturbation: string }): string {
  return [dataset, backbone, loss, protocol, `seed ${seed}`, perturbation].join(' · ')
}

function round(epsilon: number): string {
  return String(Number(epsilon.toPrecision(3)))
}
