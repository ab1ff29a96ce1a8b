import { closestName } from '../catalogue/closest-name.ts'
import { axisOrder, type Cell } from '../cell.ts'
import type { Path, ProblemList } from '../schema/problem-list.ts'
import { listOf } from '../schema/schema-parts.ts'
import { shown } from '../schema/study-problem.ts'
import type { CellPattern } from '../schema/study-schema.ts'

/** An index of cells by the values of their axes. It keeps thousands of patterns over thousands of cells fast. */
export class CellIndex {
  private readonly byAxis: { readonly [axis in keyof Cell]: ReadonlyMap<unknown, readonly Cell[]> }

  constructor(cells: readonly Cell[]) {
    this.byAxis = {
      dataset: grouped(cells, 'dataset'),
      backbone: grouped(cells, 'backbone'),
      loss: grouped(cells, 'loss'),
      protocol: grouped(cells, 'protocol'),
      seed: grouped(cells, 'seed'),
    }
  }

  /**
   * The cells that have one of the pattern's values on every axis it names. A pattern that names no axis, or a value
   * that no cell has, is reported as a problem: it would silently do something else than its author meant.
   */
  select(pattern: CellPattern, path: Path, problems: ProblemList): readonly Cell[] {
    const named = axisOrder.filter((axis) => pattern[axis] !== undefined)
    if (named.length === 0)
      problems.add(path, 'The pattern names no axis and so matches every cell; name at least one.')
    const before = problems.size
    for (const axis of named) this.refuseUnknown(pattern, axis, path, problems)
    if (named.length === 0 || problems.size > before) return []
    const groups = named.map((axis) =>
      [...new Set(listOf<unknown>(pattern[axis]))].map((value) => this.byAxis[axis].get(value)!),
    )
    const narrowest = groups.reduce((a, b) => (sizeOf(b) < sizeOf(a) ? b : a))
    const matching = narrowest
      .flat()
      .filter((cell) => named.every((axis) => listOf<unknown>(pattern[axis]).includes(cell[axis])))
    if (matching.length === 0) problems.add(path, 'No cell of the study fits this pattern; change or remove it.')
    return matching
  }

  private refuseUnknown(pattern: CellPattern, axis: keyof Cell, path: Path, problems: ProblemList): void {
    eachValue(pattern, axis, path, (value, at) => {
      if (this.byAxis[axis].has(value)) return
      const near = typeof value === 'string' ? closestName(value, [...this.byAxis[axis].keys()].map(String)) : null
      problems.add(
        at,
        `No cell of the study has the ${axis} ${shown(value)}${near === null ? '.' : `; did you mean '${near}'?`}`,
      )
    })
  }
}

function sizeOf(groups: readonly (readonly Cell[])[]): number {
  return groups.reduce((size, group) => size + group.length, 0)
}

/** Visits the values that a pattern gives for an axis, each with its path in the file. */
export function eachValue(
  pattern: CellPattern,
  axis: keyof Cell,
  path: Path,
  visit: (value: unknown, at: Path) => void,
): void {
  const written = pattern[axis]
  if (Array.isArray(written)) written.forEach((value, index) => visit(value, [...path, axis, index]))
  else if (written !== undefined) visit(written, [...path, axis])
}

function grouped(cells: readonly Cell[], axis: keyof Cell): ReadonlyMap<unknown, readonly Cell[]> {
  const groups = new Map<unknown, Cell[]>()
  for (const cell of cells) {
    const group = groups.get(cell[axis])
    if (group) group.push(cell)
    else groups.set(cell[axis], [cell])
  }
  return groups
}
