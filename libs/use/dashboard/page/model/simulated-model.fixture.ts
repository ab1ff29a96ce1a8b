import type { CellFailure, FactorName, Grid, StudyTable } from '@gauntlet/api/wire'
import { factorNames, StudyModel } from './study-model.ts'

/** What a cell of an invented table has: a number, with flags where it has some, or a state. */
export type InventedCell =
  | { readonly correct: number; readonly refused?: boolean; readonly doubted?: boolean; readonly bridged?: boolean }
  | 'pending'
  | 'older'
  | 'unread'
  | CellFailure

/** Images of every invented number. */
export const images = 100

const codes = { pending: 0, measured: 1, older: 2, failed: 3, diverged: 4, unread: 5 }

/** The table of a study with these levels, whose cells are as `cellAt` says. */
export function inventedTable(
  factors: Partial<Record<FactorName, readonly string[]>>,
  cellAt: (position: number, perturbation: number) => InventedCell,
  headings: readonly string[] = ['clean', 'Linf 4/255'],
): StudyTable & { readonly grid: Grid } {
  const levels = Object.fromEntries(factorNames.map((name) => [name, [...(factors[name] ?? [`the ${name}`])]]))
  const configurations = factorNames.reduce<number[][]>(
    (all, name) => all.flatMap((one) => levels[name]!.map((_, i) => [...one, i])),
    [[]],
  )
  const cells: StudyTable['cells'] = {
    positions: configurations.map((_, position) => position),
    state: [],
    correct: [],
    total: [],
    flags: {},
    failures: {},
  }
  configurations.forEach((_, position) => {
    headings.forEach((__, p) => addCell(cells, position * headings.length + p + 1, cellAt(position, p)))
  })
  const study = { id: 'a'.repeat(64), name: 'invented', description: null, createdAt: '2026-01-01T00:00:00.000Z' }
  return {
    version: '1-a',
    unread: 0,
    pool: { environmentClass: 'b'.repeat(64), environment: '', describedAt: null },
    grid: {
      ...study,
      factors: levels as Grid['factors'],
      configurations: configurations.flat(),
      perturbations: headings.map((heading) => ({ name: heading, heading, label: heading })),
      exclusions: [],
    },
    cells,
  }
}

function addCell(cells: StudyTable['cells'], row: number, cell: InventedCell): void {
  const isCounted = typeof cell === 'object' && 'correct' in cell
  const failure = typeof cell === 'object' && !isCounted ? cell : null
  const failed = failure?.failureClass === 'Diverged' ? codes.diverged : codes.failed
  cells.state.push(isCounted ? codes.measured : failure ? failed : codes[cell as 'pending' | 'older' | 'unread'])
  cells.correct.push(isCounted ? cell.correct : 0)
  cells.total.push(isCounted ? images : 0)
  if (failure) cells.failures[row] = failure
  const policy = isCounted && cell.refused ? 'refuse' : isCounted && cell.doubted ? 'mark' : null
  if (policy) cells.flags[row] = [{ name: 'zero-gradient', value: 0.5, limit: 0.1, policy }]
  if (isCounted && cell.bridged) cells.flags[row] = [{ name: 'bridged', value: 3, limit: 0, policy: 'mark' }]
}

export function inventedModel(...parameters: Parameters<typeof inventedTable>): StudyModel {
  return new StudyModel(inventedTable(...parameters))
}
