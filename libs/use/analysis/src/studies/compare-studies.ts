import { spearman, type Correlation } from '../statistics/correlation.ts'
import { mean } from '../statistics/moments.ts'
import { evidenceOf } from './evidence-of.ts'
import type { NumberedRow, StudyNumbers } from './study-numbers.ts'

/** A cell that two studies have a number of. */
export interface SharedCell {
  readonly backbone: string
  readonly dataset: string
  readonly loss: string
  readonly protocol: string
  readonly perturbation: string
  /** Averaged over the seeds of each study. */
  readonly first: number
  readonly second: number
}

/** Two studies under one perturbation, over the cells that both have. */
export interface PerturbationComparison {
  readonly perturbation: string
  /** Radius and evaluator of each study: numbers under different ones differ for that alone. */
  readonly firstStrength: string
  readonly secondStrength: string
  readonly cells: number
  /** Mean of second − first. */
  readonly meanDifference: number
  readonly meanAbsoluteDifference: number
  /** Of the accuracies; null where it is not defined. */
  readonly spearman: Correlation | null
}

/** Two studies side by side: before and after, published and ours. */
export interface StudyComparison {
  readonly first: string
  readonly second: string
  /** On what the numbers of each rest. */
  readonly firstEvidence: string
  readonly secondEvidence: string
  readonly byPerturbation: readonly PerturbationComparison[]
  /** The cells that both have, those that differ the most first. */
  readonly cells: readonly SharedCell[]
  /** Cells that only one of the two has a number of. */
  readonly onlyFirst: number
  readonly onlySecond: number
}

/**
 * Compares the numbers of two studies, cell by cell: backbone, dataset, loss, protocol and the name of the
 * perturbation. Radius and evaluator may differ under one name, so both are given.
 */
export function compareStudies(first: StudyNumbers, second: StudyNumbers): StudyComparison {
  const [before, after] = [cellsOf(first.rows), cellsOf(second.rows)]
  const shared = [...before].flatMap(([key, { accuracies, ...cell }]): SharedCell[] => {
    const other = after.get(key)
    return other ? [{ ...cell, first: mean(accuracies), second: mean(other.accuracies) }] : []
  })
  const names = [...new Set(shared.map(({ perturbation }) => perturbation))]
  return {
    first: first.name,
    second: second.name,
    firstEvidence: evidenceOf(first),
    secondEvidence: evidenceOf(second),
    byPerturbation: names.map((name) =>
      perturbationComparison(
        name,
        [strengthOf(first, name), strengthOf(second, name)],
        shared.filter(({ perturbation }) => perturbation === name),
      ),
    ),
    cells: shared.toSorted((a, b) => Math.abs(b.second - b.first) - Math.abs(a.second - a.first)),
    onlyFirst: before.size - shared.length,
    onlySecond: after.size - shared.length,
  }
}

function strengthOf({ perturbations }: StudyNumbers, name: string): string {
  const { epsilon = null, evaluator = null } = perturbations.find((one) => one.name === name) ?? {}
  const radius = epsilon === null ? '' : `ε ${Number(epsilon.toPrecision(4))}, `
  return `${radius}${evaluator ?? 'evaluator not stated'}`
}

function perturbationComparison(
  perturbation: string,
  [firstStrength, secondStrength]: readonly [string, string],
  cells: readonly SharedCell[],
): PerturbationComparison {
  const differences = cells.map(({ first, second }) => second - first)
  return {
    perturbation,
    firstStrength,
    secondStrength,
    cells: cells.length,
    meanDifference: mean(differences),
    meanAbsoluteDifference: mean(differences.map(Math.abs)),
    spearman: spearman(
      cells.map(({ first }) => first),
      cells.map(({ second }) => second),
    ),
  }
}

type CellWithSeeds = Omit<SharedCell, 'first' | 'second'> & { readonly accuracies: number[] }

function cellsOf(rows: readonly NumberedRow[]): Map<string, CellWithSeeds> {
  const cells = new Map<string, CellWithSeeds>()
  for (const { backbone, dataset, loss, protocol, accuracies } of rows) {
    for (const [perturbation, accuracy] of Object.entries(accuracies)) {
      if (accuracy === null) continue
      const key = JSON.stringify([backbone, dataset, loss, protocol, perturbation])
      const known = cells.get(key)
      if (known) known.accuracies.push(accuracy)
      else cells.set(key, { backbone, dataset, loss, protocol, perturbation, accuracies: [accuracy] })
    }
  }
  return cells
}
