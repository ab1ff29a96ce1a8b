import { resultsOf, type DescribedPool, type StudyResults } from '@gauntlet/client'
import type { PlannedStage } from '@gauntlet/contract'
import type { StudyEvidence, StudyGrid } from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import type { CellFailure } from '../wire/study-table.ts'

type MeasuredCell = StudyResults['rows'][number]
type MissingCell = StudyResults['missing'][number]

/** A cell as the table of a study has it now. */
export interface TableCell {
  readonly measured: MeasuredCell | null
  readonly missing: MissingCell | null
  readonly failure: CellFailure | null
  /** Whether there is a number of other code or another environment in place of the missing one. */
  readonly hasOlder: boolean
}

/** The stages of one configuration that the server goes on to need. */
export interface ConfigurationStages {
  /** The key of its fine-tuning; null while an input of that has still to be made. */
  readonly fineTune: Digest | null
  /** What is still to run, without the identities. */
  readonly open: readonly PlannedStage[]
}

/** A study's table, held in memory and renewed in parts. */
export interface CachedTable {
  readonly grid: StudyGrid
  readonly pool: DescribedPool
  /** Configuration id → place in the table. */
  readonly positions: ReadonlyMap<Digest, number>
  /** By row − 1. */
  readonly cells: TableCell[]
  /** By place in the table. They are read in this order, so that its length says how many are read. */
  readonly stages: ConfigurationStages[]
  /** Everything that older transactions wrote is in it. */
  position: string
}

/** An empty table of this grid. */
export function emptyTable(grid: StudyGrid, pool: DescribedPool, position: string): CachedTable {
  const positions = new Map(grid.configurations.map(({ id, position: place }) => [id, place]))
  return { grid, pool, positions, cells: [], stages: [], position }
}

/** Puts the cells of some configurations into a table, from their records and their planned stages. */
export function fillTable(table: CachedTable, evidence: StudyEvidence, planned: readonly PlannedStage[]): void {
  const { rows, missing, older, failedSince } = resultsOf(evidence, planned)
  const withOlder = new Set(older.map(({ row }) => row))
  const failures = new Map(failedSince.map((cell) => [cell.row, failureOf(cell)]))
  for (const measured of rows)
    table.cells[measured.row - 1] = {
      measured,
      missing: null,
      failure: failures.get(measured.row) ?? null,
      hasOlder: false,
    }
  for (const cell of missing)
    table.cells[cell.row - 1] = {
      measured: null,
      missing: cell,
      failure: null,
      hasOlder: withOlder.has(cell.row),
    }
  keepStages(table, evidence, planned)
}

function keepStages(table: CachedTable, { configurations }: StudyEvidence, planned: readonly PlannedStage[]): void {
  const kept = new Map<number, { fineTune: Digest | null; open: PlannedStage[] }>()
  for (const { position } of configurations) kept.set(position, { fineTune: null, open: [] })
  const places = new Map(configurations.map(({ configuration, position }) => [configuration, position]))
  for (const stage of planned) {
    const [owner, ...others] = stage.configurations.map((configuration) => kept.get(places.get(configuration)!)!)
    if (stage.stage === 'fine-tune')
      for (const one of [owner!, ...others]) one.fineTune = stage.bridge?.recordedKey ?? stage.stageKey
    if (stage.state === 'open') owner!.open.push({ ...stage, identity: null })
  }
  for (const [position, stages] of kept) table.stages[position] = stages
}

function failureOf(cell: StudyResults['failedSince'][number]): CellFailure {
  const { stage, failureClass, message, recordedAt } = cell
  return { stage, failureClass, message, recordedAt: recordedAt.toISOString() }
}
