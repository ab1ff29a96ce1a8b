import { flagSentence, scores, wilsonInterval } from '@gauntlet/analysis'
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

/** The table of a study: every measurement, then the scores of each configuration, then every cell without a number and why. */
export function renderResults({ rows, missing, exclusions }: StudyResults): string {
  const parts = [renderMeasurements(rows), renderScores(rows, missing)]
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

function renderScores(rows: StudyResults['rows'], missing: StudyResults['missing']): string {
  const configurations = new Map<string, { cell: ConfigurationCell; counts: (MeasuredCell | null)[] }>()
  const add = (cell: ConfigurationCell, count: MeasuredCell | null) => {
    const known = configurations.get(cell.configurationId) ?? { cell, counts: [] }
    known.counts.push(count)
    configurations.set(cell.configurationId, known)
  }
  rows.forEach((row) => add(row, row))
  missing.forEach((cell) => add(cell, null))
  const scored = [...configurations.values()].map(({ cell, counts }) => ({ ...cell, scores: scores(counts) }))
  return renderTable<(typeof scored)[number]>(
    [
      ...configurationColumns,
      { heading: 'sum', align: 'right', cell: ({ scores }) => scores?.sum.toFixed(3) ?? '–' },
      { heading: 'geometric', align: 'right', cell: ({ scores }) => scores?.geometric.toFixed(5) ?? '–' },
    ],
    scored,
  )
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
