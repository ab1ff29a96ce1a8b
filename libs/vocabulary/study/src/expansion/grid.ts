import { architectureNames, backboneFacts, backboneIds } from '../catalogue/backbone-catalogue.ts'
import { datasetIds } from '../catalogue/dataset-catalogue.ts'
import { axisOrder, cellLabel, type Cell } from '../cell.ts'
import { backboneEntriesOf } from './checkpoint-axis.ts'
import { CellIndex, eachValue } from './cell-selection.ts'
import type { Path, ProblemList } from '../schema/problem-list.ts'
import { notOneOf } from '../schema/schema-problems.ts'
import { listOf } from '../schema/schema-parts.ts'
import { shown } from '../schema/study-problem.ts'
import type { CellPattern, StudyDocument } from '../schema/study-schema.ts'

/** A cell that is not run, and why. */
export interface Exclusion {
  readonly cell: Cell
  readonly reason: string
}

export interface Grid {
  readonly cells: readonly Cell[]
  readonly exclusions: readonly Exclusion[]
}

type Axes = { readonly [axis in keyof Cell]: readonly Cell[axis][] }

/** The key under which a study file lists each axis. */
const axisKeys = {
  dataset: 'datasets',
  backbone: 'backbones',
  protocol: 'protocols',
  loss: 'losses',
  seed: 'seeds',
} as const

/** The most cells that a study may have: fourteen times the published study. A file with more has a mistake in it. */
const cellLimit = 20_000

/** The cells of a study in their order (the grid, then `include` as written, less `exclude`), and those left out. */
export function gridOf(document: StudyDocument, problems: ProblemList): Grid {
  const axes = axesOf(document)
  refuseRepeats(axes, document, problems)
  refuseUnknownBackbones(document, problems)
  refuseNoLoss(axes, problems)
  if (refuseTooMany(countOf(axes), ['datasets'], problems)) return { cells: [], exclusions: [] }
  const cells = new Map(product(axes).map((cell) => [cellLabel(cell), cell]))
  let count = cells.size
  for (const [index, pattern] of (document.include ?? []).entries()) {
    const included = includedAxes(pattern, ['include', index], axes, problems)
    count += included === null ? 0 : countOf(included)
    if (refuseTooMany(count, ['include', index], problems)) break
    if (included !== null) include(product(included), cells, ['include', index], problems)
  }
  return exclude([...cells.values()], document, problems)
}

function axesOf(document: StudyDocument): Axes {
  return {
    dataset: document.datasets.map(idOf),
    backbone: backboneEntriesOf(document).map(({ label }) => label),
    loss: document.losses ?? [],
    protocol: document.protocols,
    seed: document.seeds,
  }
}

/** The id of an entry, which is the id alone or a map that has it. */
export function idOf(entry: string | { readonly id: string }): string {
  return typeof entry === 'string' ? entry : entry.id
}

function refuseRepeats(axes: Axes, document: StudyDocument, problems: ProblemList): void {
  const backbonePaths = backboneEntriesOf(document).map(({ path }) => path)
  for (const axis of axisOrder) {
    const seen = new Set<unknown>()
    for (const [index, value] of axes[axis].entries()) {
      const path = axis === 'backbone' ? backbonePaths[index]! : [axisKeys[axis], index]
      if (seen.has(value)) problems.add(path, `The ${axis} ${shown(value)} stands here twice; keep one.`)
      seen.add(value)
    }
  }
}

function refuseUnknownBackbones(document: StudyDocument, problems: ProblemList): void {
  const names = [...backboneIds, ...architectureNames]
  document.backbones.forEach((entry, index) => {
    const id = idOf(entry)
    const path = typeof entry === 'string' ? ['backbones', index] : ['backbones', index, 'id']
    if (backboneFacts(id) === null) problems.add(path, notOneOf(id, 'backbone', names))
  })
}

function refuseNoLoss({ loss, protocol }: Axes, problems: ProblemList): void {
  const trains = protocol.findIndex((id) => id !== 'none')
  if (loss.length > 0 || trains < 0) return
  problems.add(['protocols', trains], `The protocol ${protocol[trains]} trains, so the study needs losses too.`)
}

function refuseTooMany(count: number, path: Path, problems: ProblemList): boolean {
  if (count > cellLimit)
    problems.add(path, `The study has ${count} cells or more; at most ${cellLimit} are allowed, so split it.`)
  return count > cellLimit
}

function countOf(axes: Axes): number {
  return axisOrder.reduce((cells, axis) => cells * Math.max(1, axes[axis].length), 1)
}

/** The cells of all combinations. The protocol `none` has the loss `none` and no other. */
function product(axes: Axes): Cell[] {
  let cells: Partial<Cell>[] = [{}]
  for (const axis of axisOrder) {
    cells = cells.flatMap((cell) => {
      const values = axis === 'loss' && cell.protocol === 'none' ? (['none'] as const) : axes[axis]
      return values.map((value) => ({ ...cell, [axis]: value }))
    })
  }
  return (cells as Cell[]).filter(({ protocol, loss }) => (protocol === 'none') === (loss === 'none'))
}

/**
 * The axes of an `include`. An axis that it leaves out has the grid's values; its datasets and backbones may be any of
 * the catalogue.
 */
function includedAxes(pattern: CellPattern, path: Path, axes: Axes, problems: ProblemList): Axes | null {
  const written = axisOrder.filter((axis) => pattern[axis] !== undefined)
  if (written.length === 0)
    problems.add(path, 'The entry names no axis and so matches the grid itself; name at least one.')
  const before = problems.size
  for (const [axis, catalogue] of [
    ['dataset', datasetIds],
    ['backbone', backboneIds],
  ] as const) {
    const known = new Set([...axes[axis], ...catalogue])
    eachValue(pattern, axis, path, (value, at) => {
      if (!known.has(String(value))) problems.add(at, notOneOf(value, axis, [...known]))
    })
  }
  if (written.length === 0 || problems.size > before) return null
  return { ...axes, ...Object.fromEntries(written.map((axis) => [axis, listOf<unknown>(pattern[axis])])) }
}

function include(included: readonly Cell[], cells: Map<string, Cell>, path: Path, problems: ProblemList): void {
  const repeated = included.find((cell) => cells.has(cellLabel(cell)))
  if (repeated) problems.add(path, `The cell ${cellLabel(repeated)} is already in the study; leave it out here.`)
  for (const cell of included) cells.set(cellLabel(cell), cell)
}

/** Removes the cells that `exclude` matches. Where two rules match one cell, the first gives the reason. */
function exclude(cells: readonly Cell[], document: StudyDocument, problems: ProblemList): Grid {
  const index = new CellIndex(cells)
  const reasons = new Map<Cell, string>()
  for (const [rule, { where, reason }] of (document.exclude ?? []).entries()) {
    for (const cell of index.select(where, ['exclude', rule, 'where'], problems)) {
      if (!reasons.has(cell)) reasons.set(cell, reason)
    }
  }
  const kept = cells.filter((cell) => !reasons.has(cell))
  if (kept.length === 0) problems.add(['exclude'], 'Every cell is excluded; a study needs at least one.')
  return {
    cells: kept,
    exclusions: cells.filter((cell) => reasons.has(cell)).map((cell) => ({ cell, reason: reasons.get(cell)! })),
  }
}
