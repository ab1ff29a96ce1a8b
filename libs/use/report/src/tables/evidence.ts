import {
  defectCounts,
  grouped,
  wilsonInterval,
  type Defect,
  type LeaderComparison,
  type NumberedRow,
  type StudyComparison,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { cellsAnchor, decimals, exact, interval, percentage, pValue, words, type Cell, type Table } from './table.ts'

/** Every number of a study with its origin: the trace that a claimed number has, and where a measured one begins. */
export function numbersTable(study: StudyNumbers): Table {
  const names = study.perturbations.map(({ name }) => name)
  const hasSeeds = study.rows.some(({ seed }) => seed !== undefined)
  return {
    id: 'numbers',
    title: 'Every number',
    note:
      study.evidence === 'measured'
        ? 'Accuracies in percent. Each number links to its origin below.'
        : 'Accuracies in percent as claimed; “row” is the row of the imported table.',
    columns: [
      { key: 'row', heading: 'row', isNumeric: true },
      { key: 'dataset', heading: 'dataset' },
      { key: 'backbone', heading: 'backbone' },
      { key: 'loss', heading: 'loss' },
      { key: 'protocol', heading: 'protocol' },
      ...(hasSeeds ? [{ key: 'seed', heading: 'seed', isNumeric: true }] : []),
      ...names.map((name) => ({ key: name, heading: name, isNumeric: true })),
    ],
    rows: inGroups(study.rows).map(({ row, isFirst }) => ({
      ...(isFirst ? { anchor: cellsAnchor(row.protocol, row.backbone, row.loss) } : {}),
      key: [row.dataset, row.backbone, row.loss, row.protocol, ...(hasSeeds ? [String(row.seed)] : [])].join('/'),
      cells: [
        { text: String(Object.values(row.origins)[0]?.row ?? '–') },
        words(row.dataset),
        words(row.backbone),
        words(row.loss),
        words(row.protocol),
        ...(hasSeeds ? [{ text: String(row.seed ?? '–') }] : []),
        ...names.map((name) => numberCell(row, name)),
      ],
    })),
  }
}

/** The rows of a configuration one after the other, in the order in which configurations first appear. */
function inGroups(rows: readonly NumberedRow[]): { readonly row: NumberedRow; readonly isFirst: boolean }[] {
  const groups = grouped(rows, ({ protocol, backbone, loss }) => JSON.stringify([protocol, backbone, loss]))
  return [...groups.values()].flatMap((group) => group.map((row, i) => ({ row, isFirst: i === 0 })))
}

function numberCell(row: NumberedRow, perturbation: string): Cell {
  const cell = percentage(row.accuracies[perturbation])
  const origin = row.origins[perturbation]
  if (origin === undefined) return cell
  if (origin.kind === 'measured')
    return { ...cell, origin: `number-${origin.row}`, source: `outcomes ${origin.outcomesDigest}` }
  return { ...cell, source: `row ${origin.row}${origin.column === null ? '' : `, column ${origin.column}`}` }
}

/** Where each measured number came from; null of a claimed study, whose rows say it. */
export function originsTable(study: StudyNumbers): Table | null {
  if (study.evidence === 'claimed') return null
  const short = (digest: string) => words(digest.slice(0, 12))
  return {
    id: 'origins',
    title: 'Where the numbers came from',
    note: `Digests by their first twelve digits; “npx gauntlet trace ${study.name} ROW” shows the whole lineage of a number.`,
    columns: [
      { key: 'row', heading: 'row', isNumeric: true },
      { key: 'perturbation', heading: 'perturbation' },
      { key: 'correct', heading: 'correct', isNumeric: true },
      { key: 'interval', heading: '95 % (Wilson)', isNumeric: true },
      { key: 'evaluator', heading: 'evaluator' },
      { key: 'outcomes', heading: 'outcomes' },
      { key: 'key', heading: 'stage key' },
      { key: 'code', heading: 'code' },
      { key: 'environment', heading: 'environment' },
      { key: 'flags', heading: 'flags' },
    ],
    rows: study.rows.flatMap(({ origins }) =>
      Object.entries(origins).flatMap(([perturbation, origin]) => {
        if (origin.kind !== 'measured') return []
        const { row, correct, total, evaluator, flags } = origin
        return [
          {
            key: `number-${row}`,
            anchor: `number-${row}`,
            cells: [
              { text: String(row) },
              words(perturbation),
              { text: `${correct}/${total}` },
              interval(wilsonInterval({ correct, total }), (end) => (100 * end).toFixed(1)),
              words(evaluator),
              short(origin.outcomesDigest),
              short(origin.stageKey),
              short(origin.codeDigest),
              short(origin.environmentClass),
              words(flags.map(({ name }) => name).join(', ') || 'none'),
            ],
          },
        ]
      }),
    ),
  }
}

/** Cells without a number to rank by; null where there are none. */
export function lackingTable({ lacking }: StudyNumbers): Table | null {
  if (lacking.length === 0) return null
  return {
    id: 'lacking',
    title: 'Numbers that are missing or not ranked',
    columns: [
      { key: 'cell', heading: 'cell' },
      { key: 'reason', heading: 'reason' },
    ],
    rows: lacking.map(({ cell, reason }) => ({ key: cell, cells: [words(cell), words(reason)] })),
  }
}

/** How many defects of each kind an imported table has. */
export function defectCountsTable(defects: readonly Defect[]): Table {
  return {
    id: 'defects',
    title: 'Defects by kind',
    columns: [
      { key: 'kind', heading: 'kind' },
      { key: 'count', heading: 'count', isNumeric: true },
    ],
    rows: Object.entries(defectCounts(defects)).map(([kind, count]) => ({
      key: kind,
      cells: [words(kind), exact(count)],
    })),
  }
}

/** The leader of a ranking against those behind it, on the same images. */
export function leaderTable(protocol: string, comparisons: readonly LeaderComparison[]): Table | null {
  const [first] = comparisons
  if (!first) return null
  return {
    id: `${protocol}/leader`,
    title: `The first against those behind it, on the same images, ${protocol}`,
    note: `${first.leader} against each, of the first seed of each that has all its outcomes; the ranking is over all seeds. Difference of accuracies in points with Newcombe’s paired interval; exact McNemar test, Holm over this table.`,
    columns: [
      { key: 'rival', heading: 'against' },
      { key: 'dataset', heading: 'dataset' },
      { key: 'perturbation', heading: 'perturbation' },
      { key: 'difference', heading: 'difference', isNumeric: true },
      { key: 'interval', heading: '95 %', isNumeric: true },
      { key: 'only-leader', heading: 'only the first held', isNumeric: true },
      { key: 'only-rival', heading: 'only the other held', isNumeric: true },
      { key: 'p', heading: 'p', isNumeric: true },
      { key: 'holm', heading: 'p, Holm', isNumeric: true },
    ],
    rows: comparisons.map((one) => ({
      key: `${one.rival}/${one.dataset}/${one.perturbation}`,
      cells: [
        words(one.rival),
        words(one.dataset),
        words(one.perturbation),
        percentage(one.difference),
        interval(one.interval, (end) => (100 * end).toFixed(1)),
        exact(one.onlyLeader),
        exact(one.onlyRival),
        pValue(one.pValue),
        pValue(one.adjustedPValue),
      ],
    })),
  }
}

const shownDifferences = 20

/** Two studies side by side: over all shared cells by perturbation, and the cells that differ the most. */
export function comparisonTables(comparison: StudyComparison): Table[] {
  const { first, second, firstEvidence, secondEvidence, byPerturbation, cells } = comparison
  const evidence = `Numbers of ${second} are ${secondEvidence}; those of ${first} are ${firstEvidence}.`
  const id = `${first}-and-${second}`
  return [
    {
      id: `${id}/perturbations`,
      title: `${second} beside ${first}`,
      note: `Differences are ${second} − ${first}, in points of accuracy, over the cells that both have. ${evidence}`,
      columns: [
        { key: 'perturbation', heading: 'perturbation' },
        { key: 'first-strength', heading: first },
        { key: 'second-strength', heading: second },
        { key: 'cells', heading: 'cells', isNumeric: true },
        { key: 'mean-difference', heading: 'mean difference', isNumeric: true },
        { key: 'mean-absolute-difference', heading: 'mean absolute difference', isNumeric: true },
        { key: 'spearman', heading: 'Spearman’s r', isNumeric: true },
      ],
      rows: byPerturbation.map((one) => ({
        key: one.perturbation,
        cells: [
          words(one.perturbation),
          words(one.firstStrength),
          words(one.secondStrength),
          exact(one.cells),
          percentage(one.meanDifference),
          percentage(one.meanAbsoluteDifference),
          decimals(one.spearman?.r, 3),
        ],
      })),
    },
    {
      id: `${id}/cells`,
      title: `Where ${second} and ${first} differ the most`,
      note: evidence,
      columns: [
        { key: 'backbone', heading: 'backbone' },
        { key: 'dataset', heading: 'dataset' },
        { key: 'loss', heading: 'loss' },
        { key: 'protocol', heading: 'protocol' },
        { key: 'perturbation', heading: 'perturbation' },
        { key: 'first', heading: first, isNumeric: true },
        { key: 'second', heading: second, isNumeric: true },
      ],
      rows: cells.slice(0, shownDifferences).map((cell) => ({
        key: [cell.backbone, cell.dataset, cell.loss, cell.protocol, cell.perturbation].join('/'),
        cells: [
          words(cell.backbone),
          words(cell.dataset),
          words(cell.loss),
          words(cell.protocol),
          words(cell.perturbation),
          percentage(cell.first),
          percentage(cell.second),
        ],
      })),
    },
  ].filter(({ rows }) => rows.length > 0)
}
