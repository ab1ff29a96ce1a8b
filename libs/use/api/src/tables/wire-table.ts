import { backboneLabel, digestOf, perturbationLabel, type Configuration, type Json } from '@gauntlet/study'
import {
  cellStates,
  factorNames,
  type CellColumns,
  type CellState,
  type FactorName,
  type Grid,
  type StudyTable,
} from '../wire/study-table.ts'
import type { CachedTable, TableCell } from './cached-table.ts'

/**
 * The version of a table: the ledger's position, what it is the table of, and how many configurations are read while
 * not all are.
 */
function versionOf(table: CachedTable): string {
  const version = `${table.position}-${identityOf(table)}`
  return unreadOf(table) > 0 ? `${version}-${table.stages.length}` : version
}

function unreadOf({ grid, stages }: CachedTable): number {
  return grid.configurations.length - stages.length
}

/** What tells tables apart: the study, since another may have its name, and the description of the pool. */
function identityOf({ grid, pool: { description } }: CachedTable): string {
  const { environmentClass, codeDigests } = description
  return digestOf({ study: grid.study.id, environmentClass, codeDigests }).slice(0, 16)
}

/** What somebody has who has a version of a table. */
export interface KnownVersion {
  /** The ledger's position. */
  readonly position: string
  /** How many configurations, from the first one on. */
  readonly read: number
}

/** What a version says, where it is one of this study's table by the same pool; else null. */
export function parseVersion(version: string | undefined, table: CachedTable): KnownVersion | null {
  const [, position, identity, read] = /^(\d{1,19})-([0-9a-f]{16})(?:-(\d{1,9}))?$/.exec(version ?? '') ?? []
  if (!position || identity !== identityOf(table)) return null
  return { position, read: Number(read ?? table.grid.configurations.length) }
}

/** The places that somebody lacks who knows a version, when these have changed since. */
export function lackingPlaces({ stages }: CachedTable, { read }: KnownVersion, changed: readonly number[]): number[] {
  const renewed = changed.filter((place) => place < Math.min(read, stages.length)).toSorted((a, b) => a - b)
  return [...renewed, ...Array.from({ length: Math.max(0, stages.length - read) }, (_, i) => read + i)]
}

/** What is read of a table, or the cells of these configurations alone. */
export function wireTable(table: CachedTable, positions: readonly number[] | null): StudyTable {
  const { description, describedAt } = table.pool
  return {
    version: versionOf(table),
    pool: {
      environmentClass: description.environmentClass,
      environment: environmentSentence(description.environment),
      describedAt: describedAt?.toISOString() ?? null,
    },
    unread: unreadOf(table),
    grid: positions === null ? wireGrid(table) : null,
    cells: cellColumns(table, positions ?? [...table.stages.keys()]),
  }
}

/** The environment of a pool's workers in a few words. */
function environmentSentence(environment: Json): string {
  const { device, libtensorflow, precision } = environment as Record<string, Json | undefined>
  const parts = [device, libtensorflow && `libtensorflow ${String(libtensorflow)}`, precision]
  return parts.filter((part) => typeof part === 'string' && part !== '').join(', ')
}

function wireGrid({ grid }: CachedTable): Grid {
  const { study, configurations, perturbations, exclusions } = grid
  const indices = factorNames.map(() => new Map<string, number>())
  const places = configurations.flatMap(({ configuration }) =>
    factorNames.map((name, i) => placeIn(indices[i]!, levelOf[name](configuration))),
  )
  const description = (study.document as { readonly description?: Json } | null)?.description
  return {
    id: study.id as string,
    name: study.name,
    description: typeof description === 'string' ? description : null,
    createdAt: study.createdAt,
    factors: Object.fromEntries(factorNames.map((name, i) => [name, [...indices[i]!.keys()]])) as Grid['factors'],
    configurations: places,
    perturbations: perturbations.map(({ perturbation }) => {
      const label = perturbationLabel(perturbation)
      return { name: perturbation.name, heading: label.split(' (')[0]!, label }
    }),
    exclusions: exclusions.map(({ reason }) => reason),
  }
}

/** The place of a level among those of its factor, which it joins where it is new. */
function placeIn(levels: Map<string, number>, level: string): number {
  const place = levels.get(level) ?? levels.size
  levels.set(level, place)
  return place
}

const levelOf: Readonly<Record<FactorName, (configuration: Configuration) => string>> = {
  dataset: ({ dataset }) => dataset.id,
  backbone: ({ backbone }) => backboneLabel(backbone),
  protocol: ({ protocol }) => protocol.id,
  loss: ({ loss }) => loss,
  seed: ({ seed }) => String(seed),
  inputContract: ({ backbone }) => backbone.inputContract,
}

function cellColumns(table: CachedTable, positions: readonly number[]): CellColumns {
  const width = table.grid.perturbations.length
  const columns: CellColumns = { positions: [...positions], state: [], correct: [], total: [], flags: {}, failures: {} }
  for (const position of positions) {
    for (let p = 0; p < width; p++) {
      const row = position * width + p + 1
      const cell = table.cells[row - 1]!
      columns.state.push(cellStates.indexOf(stateOf(cell)))
      columns.correct.push(cell.measured?.correct ?? 0)
      columns.total.push(cell.measured?.total ?? 0)
      if (cell.measured && cell.measured.flags.length > 0) columns.flags[row] = [...cell.measured.flags]
      const failure = cell.failure ?? failureOfMissing(cell)
      if (failure) columns.failures[row] = failure
    }
  }
  return columns
}

/** What a cell has. */
export function stateOf({ measured, missing, hasOlder }: TableCell): CellState {
  if (measured) return 'measured'
  if (missing?.failureClass === 'Diverged') return 'diverged'
  if (missing?.failureClass) return 'failed'
  return hasOlder ? 'older' : 'pending'
}

function failureOfMissing({ missing }: TableCell) {
  if (!missing?.stage || !missing.failureClass) return null
  const { stage, failureClass, reason } = missing
  return { stage, failureClass, message: reason, recordedAt: missing.failedAt?.toISOString() ?? null }
}
