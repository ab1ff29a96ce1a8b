import { backboneOfLabel, type Hyperparameters } from '../configuration.ts'
import { backboneFacts } from '../catalogue/backbone-catalogue.ts'
import { cellLabel, type Cell } from '../cell.ts'
import { CellIndex } from './cell-selection.ts'
import type { Grid } from './grid.ts'
import type { HyperparametersEntry } from '../schema/hyperparameters-schema.ts'
import type { Path, ProblemList } from '../schema/problem-list.ts'
import { epsilonOf } from '../schema/schema-parts.ts'
import type { StudyDocument } from '../schema/study-schema.ts'

/**
 * The inner attack, the effective batch, the augmentation and TRADES' beta are those of arXiv 2508.14079. The rates and
 * decays are medians over the 1,337 configurations that its authors' search chose, to one digit: a start, not a
 * recommendation. The micro-batch and the checkpoint interval are ours.
 */
export const defaultHyperparameters: Hyperparameters = {
  learningRateBackbone: 2e-4,
  learningRateHead: 7e-4,
  weightDecayBackbone: 1e-6,
  weightDecayHead: 1e-4,
  cosine: false,
  effectiveBatch: 1_024,
  microBatch: 64,
  microBatchMayShrink: true,
  attackEpsilon: 4 / 255,
  attackIterations: 10,
  tradesBeta: 1,
  augmentation: { horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 2 },
  checkpointEverySteps: 10,
}

/** Those of a cell in which nothing is trained, so that none of them is part of its identity. */
const untrained: Hyperparameters = {
  learningRateBackbone: 0,
  learningRateHead: 0,
  weightDecayBackbone: 0,
  weightDecayHead: 0,
  cosine: false,
  effectiveBatch: 0,
  microBatch: 0,
  microBatchMayShrink: false,
  attackEpsilon: 0,
  attackIterations: 0,
  tradesBeta: 0,
  augmentation: { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 },
  checkpointEverySteps: 0,
}

/** Where the file sets each hyperparameter of a cell. One that is absent has its default. */
type Origins = Partial<Record<keyof Hyperparameters, Path>>

interface Resolved {
  hyperparameters: Hyperparameters
  origins: Origins
}

/** The hyperparameters of every cell of a grid, in its order. */
export function hyperparametersOf(document: StudyDocument, grid: Grid, problems: ProblemList): Hyperparameters[] {
  const overrides = overridesByCell(document, grid, problems)
  refuseEpsilonAboveOne(document, problems)
  const study = apply({ hyperparameters: defaultHyperparameters, origins: {} }, document.hyperparameters ?? {}, [
    'hyperparameters',
  ])
  return grid.cells.map((cell) => {
    const resolved = (overrides.get(cell) ?? []).reduce(
      (before, index) => apply(before, document.overrides![index]!.set, ['overrides', index, 'set']),
      study,
    )
    if (cell.protocol === 'none') return untrained
    refuseUnevenBatches(resolved, cell, problems)
    return withoutIdle(withShrinking(resolved, cell), cell)
  })
}

/**
 * The overrides that match each cell, in the order of the file. An override may match excluded cells alone, so that it
 * is there when they are included again.
 */
function overridesByCell(
  document: StudyDocument,
  grid: Grid,
  problems: ProblemList,
): ReadonlyMap<Cell, readonly number[]> {
  const cells = new CellIndex([...grid.cells, ...grid.exclusions.map(({ cell }) => cell)])
  const overrides = new Map<Cell, number[]>()
  for (const [index, { where, set }] of (document.overrides ?? []).entries()) {
    const matching = cells.select(where, ['overrides', index, 'where'], problems)
    refuseIdle(set, ['overrides', index, 'set'], matching, problems)
    for (const cell of matching) overrides.set(cell, [...(overrides.get(cell) ?? []), index])
  }
  return overrides
}

function apply({ hyperparameters, origins }: Resolved, entry: HyperparametersEntry, path: Path): Resolved {
  const { augmentation, attackEpsilon, ...plain } = entry
  return {
    hyperparameters: {
      ...hyperparameters,
      ...(plain as Partial<Hyperparameters>),
      ...(attackEpsilon === undefined ? {} : { attackEpsilon: epsilonOf(attackEpsilon) }),
      augmentation: { ...hyperparameters.augmentation, ...(augmentation as Partial<Hyperparameters['augmentation']>) },
    },
    origins: { ...origins, ...Object.fromEntries(Object.keys(entry).map((key) => [key, [...path, key]])) },
  }
}

function refuseUnevenBatches({ hyperparameters, origins }: Resolved, cell: Cell, problems: ProblemList): void {
  const { microBatch, effectiveBatch } = hyperparameters
  if (effectiveBatch % microBatch === 0) return
  const at = origins.microBatch ?? origins.effectiveBatch ?? ['hyperparameters']
  const which = at[0] === 'overrides' ? ` (first in ${cellLabel(cell)})` : ''
  problems.add(
    at,
    `A microBatch of ${microBatch} does not divide the effectiveBatch of ${effectiveBatch}${which}; choose a divisor.`,
  )
}

function refuseEpsilonAboveOne(document: StudyDocument, problems: ProblemList): void {
  const entries: [HyperparametersEntry | undefined, Path][] = [[document.hyperparameters, ['hyperparameters']]]
  document.overrides?.forEach(({ set }, index) => entries.push([set, ['overrides', index, 'set']]))
  for (const [entry, path] of entries) {
    if (entry?.attackEpsilon === undefined || epsilonOf(entry.attackEpsilon) <= 1) continue
    problems.add(
      [...path, 'attackEpsilon'],
      `Pixels lie in [0, 1], so a Linf radius of ${entry.attackEpsilon} allows anything; write 4/255 or the like.`,
    )
  }
}

/** Batch norms see the micro-batch, so that a smaller one trains another model: the study must say that it may. */
function withShrinking({ hyperparameters, origins }: Resolved, { backbone }: Cell): Hyperparameters {
  if (origins.microBatchMayShrink || !backboneFacts(backboneOfLabel(backbone))?.batchNorm) return hyperparameters
  return { ...hyperparameters, microBatchMayShrink: false }
}

/**
 * The hyperparameters that fine-tuning never reads in a cell: the rates of a frozen backbone, and TRADES' weight under
 * other losses.
 */
function idleKeys(cell: Cell): readonly (keyof Hyperparameters)[] {
  if (cell.protocol === 'none') return Object.keys(untrained) as (keyof Hyperparameters)[]
  const frozen = cell.protocol.startsWith('LP-') ? (['learningRateBackbone', 'weightDecayBackbone'] as const) : []
  return cell.loss === 'TRADES' ? frozen : [...frozen, 'tradesBeta']
}

/**
 * Sets the hyperparameters that a cell never reads to 0. Changing one of them then leaves the identity of the cell, and
 * with it the finished work, as it was.
 */
function withoutIdle(hyperparameters: Hyperparameters, cell: Cell): Hyperparameters {
  return { ...hyperparameters, ...Object.fromEntries(idleKeys(cell).map((key) => [key, 0])) }
}

function refuseIdle(set: HyperparametersEntry, path: Path, cells: readonly Cell[], problems: ProblemList): void {
  if (Object.keys(set).length === 0)
    problems.add(path, 'The override sets nothing; name a hyperparameter or remove it.')
  if (cells.length === 0) return
  for (const key of Object.keys(set) as (keyof Hyperparameters)[]) {
    if (cells.every((cell) => idleKeys(cell).includes(key)))
      problems.add([...path, key], `None of the matching cells reads ${key}; remove it here.`, 'key')
  }
}
