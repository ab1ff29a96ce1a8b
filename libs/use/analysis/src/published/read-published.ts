import type { StudyPerturbation } from '../studies/study-numbers.ts'
import { parseCsv } from './csv.ts'
import { publishedDefects, type Defect } from './defects.ts'
import { parsePublishedTable, type PublishedRow } from './published-table.ts'
import { parseRobustBench, type RobustBenchModel } from './robustbench.ts'
import { tableInvalid } from './table-invalid.ts'
import { publishedMapping, type TableMapping } from './table-mapping.ts'

/** A file of published numbers. */
export interface PublishedFile {
  /** Of RobustBench's files the last three parts say dataset, threat and model. */
  readonly path: string
  readonly text: string
}

/** A perturbation of a published table, and the column of its accuracies. */
export interface PublishedPerturbation extends StudyPerturbation {
  readonly column: string | null
}

/** Published numbers as they were read, with what is wrong with them. */
export interface PublishedNumbers {
  /** How the files were read; together with their bytes it gives the rows again. */
  readonly reading: {
    readonly format: string
    readonly mapping?: TableMapping
    /** Rows whose number the publisher flags; absent where there are none. */
    readonly unreliable?: readonly number[]
  }
  readonly perturbations: readonly PublishedPerturbation[]
  readonly rows: readonly PublishedRow[]
  readonly defects: readonly Defect[]
}

/** What the paper says of its perturbations (arXiv 2508.14079). */
const paperPerturbations: readonly StudyPerturbation[] = [
  { name: 'clean', epsilon: null, evaluator: 'argmax' },
  { name: 'Linf', epsilon: 4 / 255, evaluator: 'autoattack-standard' },
  { name: 'L2', epsilon: 2, evaluator: 'autoattack-standard' },
  { name: 'L1', epsilon: 75, evaluator: 'autoattack-standard' },
  { name: 'common', epsilon: null, evaluator: 'corruptions, severity 3' },
]

/**
 * Reads published numbers: entries of RobustBench's model_info where the files are JSON, any CSV by a mapping, and the
 * paper's own database without one. Throws PublishedTableInvalid with every problem.
 */
export function readPublished(files: readonly PublishedFile[], mapping: TableMapping | null): PublishedNumbers {
  const [first] = files
  if (first === undefined)
    throw tableInvalid(null, 'There is no file to import; name a CSV file, or a folder of RobustBench’s model_info.')
  if (first.path.endsWith('.json')) return readRobustBench(files)
  const chosen = mapping ?? paperMapping(first)
  const rows = parsePublishedTable(first.text, chosen)
  return {
    reading: mapping === null ? { format: 'published' } : { format: 'csv', mapping },
    perturbations: Object.entries(chosen.accuracies).map(([name, column]) => ({
      ...perturbationOf(name, mapping === null),
      column,
    })),
    rows,
    defects: publishedDefects(rows),
  }
}

/** The paper's mapping, where the table has the paper's columns. */
function paperMapping({ path, text }: PublishedFile): TableMapping {
  const { columns } = parseCsv(text)
  const needed = Object.values({ ...publishedMapping.columns, ...publishedMapping.accuracies })
  const missing = needed.filter((column) => !columns.includes(column))
  if (missing.length === 0) return publishedMapping
  if (missing.length < needed.length / 2)
    throw tableInvalid(1, `${path} has the columns of the paper's database but for ${missing.join(', ')}; add them.`)
  throw tableInvalid(
    1,
    `${path} is not the paper's database (its columns are ${columns.join(', ')}); say with --mapping where it keeps what.`,
  )
}

function perturbationOf(name: string, isPaper: boolean): StudyPerturbation {
  const known = isPaper ? paperPerturbations.find((perturbation) => perturbation.name === name) : undefined
  return known ?? { name, epsilon: null, evaluator: null }
}

/**
 * A leaderboard is a protocol here: models of one dataset under one threat are ranked with each other and with no
 * others. Its entries say nothing of losses and seeds.
 */
function readRobustBench(files: readonly PublishedFile[]): PublishedNumbers {
  const models = files.map(({ path, text }) => parseRobustBench(text, path))
  const rows = models.map((model, i) => robustBenchRow(model, i + 1))
  const flagged = models.flatMap(({ unreliable }, i) => (unreliable ? [i + 1] : []))
  const reading = { format: 'robustbench', ...(flagged.length > 0 ? { unreliable: flagged } : {}) }
  return {
    reading,
    perturbations: [
      { name: 'clean', epsilon: null, evaluator: 'argmax', column: 'clean_acc' },
      { name: 'robust', epsilon: null, evaluator: robustEvaluator(models), column: null },
    ],
    rows,
    defects: importedDefects(rows, reading),
  }
}

/** What an import's rows have wrong with them: `publishedDefects`, and what their publisher flags (`reading`). */
export function importedDefects(rows: readonly PublishedRow[], reading: unknown): Defect[] {
  const { unreliable = [] } = (reading ?? {}) as Partial<PublishedNumbers['reading']>
  const flagged = rows.filter(({ row }) => unreliable.includes(row))
  return [
    ...publishedDefects(rows),
    ...flagged.map(({ row, backbone }): Defect => {
      const message = `Row ${row}: RobustBench flags its number under AutoAttack as unreliable (${backbone}).`
      return { kind: 'flagged-unreliable', rows: [row], perturbation: 'robust', message }
    }),
  ]
}

/** What made the robust accuracies: attacks, but on the leaderboards of corruptions, where nothing attacks. */
function robustEvaluator(models: readonly RobustBenchModel[]): string {
  const attacked = models.some(({ threat }) => threat !== 'corruptions')
  const corrupted = models.some(({ threat }) => threat === 'corruptions')
  if (!corrupted) return 'autoattack or stronger'
  return attacked ? 'autoattack or stronger; corruptions where the protocol says so' : 'common corruptions'
}

function robustBenchRow(model: RobustBenchModel, row: number): PublishedRow {
  const { id, dataset, threat, epsilon, clean, robust } = model
  return {
    row,
    backbone: id,
    dataset,
    loss: 'not stated',
    protocol: [dataset, threat, ...(epsilon === null ? [] : [epsilon])].join(' '),
    accuracies: { clean, robust },
    factors: { size: null, type: null, strategy: null },
    displayName: null,
  }
}
