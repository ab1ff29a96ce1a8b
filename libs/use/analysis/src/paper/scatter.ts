import { mean } from '../statistics/moments.ts'
import { missingCells, type ProtocolTable } from './protocol-table.ts'
import type { BackboneFactors } from './study-row.ts'

/** A configuration as a point: clean accuracy against robust accuracy, both averaged over the datasets. */
export interface ScatterPoint {
  readonly backbone: string
  readonly loss: string
  readonly factors: BackboneFactors
  /** In [0, 1]. */
  readonly clean: number
  /** Mean over the perturbations other than `clean`, corruptions included, as in the paper's figure 1. */
  readonly robust: number
}

/**
 * Clean against robust accuracy of the complete configurations of a protocol; none where it was not measured both ways.
 * One point a backbone and loss: the authors' `paper_figure1` groups by display name, which two pairs of backbones
 * share, and so averages each pair.
 */
export function cleanAgainstRobust(table: ProtocolTable): ScatterPoint[] {
  const { perturbations, configurations } = table
  if (!perturbations.includes('clean') || perturbations.length < 2) return []
  return configurations.flatMap((item) => {
    if (missingCells(table, item).length > 0) return []
    const { backbone, loss, factors, accuracies } = item
    const cells = accuracies.flatMap((values) =>
      values.map((value, p) => ({ value, clean: perturbations[p] === 'clean' })),
    )
    const meanOf = (clean: boolean) => mean(cells.filter((cell) => cell.clean === clean).map(({ value }) => value!))
    return [{ backbone, loss, factors, clean: meanOf(true), robust: meanOf(false) }]
  })
}
