import { standings, type FlaggedCount, type Standing } from './standings.ts'

/** A configuration with its cells in the order of the table, and where it stands. */
export interface ConfigurationStanding<Cell> extends Standing {
  readonly cells: readonly Cell[]
}

/**
 * The configurations of a table in the order of their ranks; those without one stand last, in the order of the table.
 * `countOf` gives the number of a cell, null where it has none.
 */
export function rankConfigurations<Cell extends { readonly row: number; readonly configurationId: string }>(
  cells: readonly Cell[],
  countOf: (cell: Cell) => FlaggedCount | null,
): ConfigurationStanding<Cell>[] {
  const configurations = new Map<string, Cell[]>()
  for (const cell of [...cells].sort((a, b) => a.row - b.row)) {
    const known = configurations.get(cell.configurationId)
    if (known) known.push(cell)
    else configurations.set(cell.configurationId, [cell])
  }
  const all = [...configurations.values()]
  const standing = standings(all.map((own) => own.map(countOf)))
  const ranked = all.map((own, i) => ({ cells: own, ...standing[i]! }))
  return ranked.sort(
    (a, b) => (a.rank ?? all.length + 1) - (b.rank ?? all.length + 1) || a.cells[0]!.row - b.cells[0]!.row,
  )
}
