import { backboneFacts } from '../catalogue/backbone-catalogue.ts'
import type { BackboneFacts } from '../catalogue/backbone-facts.ts'
import { datasetFacts } from '../catalogue/dataset-catalogue.ts'
import { computesWith, sidesText } from '../catalogue/side-rule.ts'
import type { Cell } from '../cell.ts'
import {
  backboneOfLabel,
  type DatasetSpecification,
  type Hyperparameters,
  type Perturbation,
} from '../configuration.ts'
import { evaluationCost } from '../cost/evaluation-cost.ts'
import { idOf, type Grid } from './grid.ts'
import { largestDistance } from './pixel-box.ts'
import type { Path, ProblemList } from '../schema/problem-list.ts'
import type { StudyDocument } from '../schema/study-schema.ts'

/**
 * Reports cells that no worker can compute, so that it is known before any work: images of a side that the backbone
 * does not compute with, and micro-batches of one image from which a batch norm would take the statistics of one value.
 */
export function refuseImpossibleCells(
  document: StudyDocument,
  { cells }: Grid,
  hyperparameters: readonly Hyperparameters[],
  problems: ProblemList,
): void {
  const sides = sidesOf(document)
  const told = new Set<string>()
  const tell = (path: Path, sentence: string) => {
    if (!told.has(sentence)) problems.add(path, sentence)
    told.add(sentence)
  }
  cells.forEach((cell, index) => {
    const facts = backboneFacts(backboneOfLabel(cell.backbone))
    const { side, path } = sides.get(cell.dataset) ?? { side: document.resolution, path: ['resolution'] }
    if (facts === null) return // reported with the grid
    if (!computesWith(facts.sides, side)) tell(path, wrongSide(facts, side))
    else if (hyperparameters[index]?.microBatch === 1 && normsOneValue(facts, cell, side))
      tell(['hyperparameters', 'microBatch'], oneValue(facts, side))
  })
}

/**
 * Reports radii at which a ball has every image of some dataset in it. Radii in pixel levels instead of the [0, 1]
 * range are often so large. Those of Linf are refused wherever they are written.
 */
export function refuseWholeBox(
  document: StudyDocument,
  perturbations: readonly Perturbation[],
  problems: ProblemList,
): void {
  const smallest = Math.min(...[...sidesOf(document).values()].map(({ side }) => side))
  for (const [index, perturbation] of perturbations.entries()) {
    if (perturbation.name !== 'L2' && perturbation.name !== 'L1') continue
    const largest = largestDistance(perturbation.name, smallest)
    if (perturbation.epsilon < largest) continue
    const entry = document.perturbations[index]
    problems.add(
      typeof entry === 'object' && 'epsilon' in entry ? ['perturbations', index, 'epsilon'] : ['perturbations', index],
      `No two images of ${smallest} × ${smallest} pixels in [0, 1] are farther apart than ${Number(largest.toPrecision(4))} in ${perturbation.name}, so a radius of ${perturbation.epsilon} allows anything; write one in units of [0, 1].`,
    )
  }
}

/** Reports evaluators of which no attack is possible with the few classes of some dataset. */
export function refuseEvaluatorsWithoutAttack(
  document: StudyDocument,
  perturbations: readonly Perturbation[],
  datasets: ReadonlyMap<string, DatasetSpecification>,
  problems: ProblemList,
): void {
  for (const [index, perturbation] of perturbations.entries()) {
    if (!('epsilon' in perturbation)) continue
    const without = [...datasets.values()].find(({ classes }) => evaluationCost(perturbation, classes).gradient === 0)
    if (!without) continue
    const entry = document.perturbations[index]
    problems.add(
      typeof entry === 'object' && 'evaluator' in entry ? ['perturbations', index, 'evaluator'] : ['evaluator'],
      `The evaluator '${perturbation.evaluator.name}' has no attack for the ${without.classes} classes of '${without.id}', so every image would count as robust; choose another one, such as standard.`,
    )
  }
}

/** Reports corrupted copies that a study asks for and that a dataset of the catalogue is known not to have. */
export function refuseMissingCopies(
  document: StudyDocument,
  perturbations: readonly Perturbation[],
  problems: ProblemList,
): void {
  const asked = perturbations.findIndex(
    ({ evaluator }) => evaluator.name === 'corruptions' && evaluator.images === 'archived',
  )
  if (asked < 0) return
  const catalogued = document.datasets.filter((entry) => typeof entry === 'string' || entry.source === undefined)
  const without = catalogued.map(idOf).find((id) => datasetFacts(id)?.corruptedCopies === false)
  if (without !== undefined)
    problems.add(
      ['perturbations', asked, 'images'],
      `The dataset '${without}' has no corrupted test images of its own; write images: generated, or leave it out.`,
    )
}

/** The side of each dataset's images, and where the file says it. */
function sidesOf(document: StudyDocument): ReadonlyMap<string, { readonly side: number; readonly path: Path }> {
  return new Map(
    document.datasets.map((entry, index) => {
      const own = typeof entry === 'string' ? undefined : entry.resolution
      const path = own === undefined ? ['resolution'] : ['datasets', index, 'resolution']
      return [idOf(entry), { side: own ?? document.resolution, path }]
    }),
  )
}

function wrongSide({ id, sides }: BackboneFacts, side: number): string {
  return `${id} computes with ${sidesText(sides)}, not with ${side} × ${side}; set the resolution to ${nearestSide(sides, side)}.`
}

/** The possible side that is nearest to the wanted one. */
function nearestSide({ minimum, step }: BackboneFacts['sides'], wanted: number): number {
  return Math.max(minimum, Math.round(wanted / step) * step)
}

/** Whether a batch norm sees one pixel of each image. */
function normsOneValue({ batchNorm, onePixelUpTo }: BackboneFacts, { protocol }: Cell, side: number): boolean {
  return batchNorm && protocol !== 'none' && side <= (onePixelUpTo ?? 0)
}

function oneValue({ id }: BackboneFacts, side: number): string {
  return `With a microBatch of 1, a batch norm of ${id} would have one value per channel at ${side} px to take statistics of; set microBatch to 2 or more.`
}
