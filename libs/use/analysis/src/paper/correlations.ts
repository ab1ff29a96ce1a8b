import { spearmanMatrix, type Correlation } from '../statistics/correlation.ts'
import { grouped, mean } from '../statistics/moments.ts'
import type { ProtocolTable } from './protocol-table.ts'
import { factorNames, levelOf, type BackboneFactors, type FactorName } from './study-row.ts'

/** How the perturbation types go together. */
export interface PerturbationCorrelations {
  readonly perturbations: readonly string[]
  /** Spearman over all configurations and datasets of the protocol, in the order of `perturbations`. */
  readonly matrix: readonly (readonly (Correlation | null)[])[]
  /** All configurations, then those of each level of each factor. */
  readonly groups: readonly GroupCorrelation[]
}

/** The mean absolute off-diagonal Spearman correlation of a group of configurations; null where one is not defined. */
export interface GroupCorrelation {
  readonly factor: FactorName | null
  readonly level: string
  /** Over the configurations of all datasets at once (the authors' latex_tables/correlation_matrix.tex). */
  readonly pooled: number | null
  /** Within each dataset (the paper's table by group and dataset). */
  readonly byDataset: Readonly<Record<string, number | null>>
  /** The mean of those within datasets that are defined. */
  readonly meanOverDatasets: number | null
}

/** One configuration on one dataset: an observation of all perturbations. */
interface Observation {
  readonly dataset: string
  readonly loss: string
  readonly factors: BackboneFactors
  readonly accuracies: readonly (number | null)[]
}

/**
 * The correlations between perturbation types: study.md, "The analysis"; `paper_figure6` (matrix) and `paper_table4`
 * (groups) of the authors' pipeline. Pairs with a missing accuracy are left out, pair by pair.
 */
export function perturbationCorrelations(table: ProtocolTable): PerturbationCorrelations {
  const observations = table.configurations.flatMap(({ loss, factors, accuracies }) =>
    table.datasets.map((dataset, d) => ({ dataset, loss, factors, accuracies: accuracies[d]! })),
  )
  const levels = factorNames.flatMap((factor) => {
    const known = observations.filter((item) => levelOf(item, factor) !== null)
    return [...grouped(known, (item) => levelOf(item, factor)!)].map(([level, items]) => ({ factor, level, items }))
  })
  const { perturbations } = table
  return {
    perturbations,
    matrix: matrixOf(observations, perturbations.length),
    groups: [{ factor: null, level: 'all', items: observations }, ...levels].map(({ items, ...name }) => ({
      ...name,
      ...groupCorrelation(items, table),
    })),
  }
}

function groupCorrelation(items: readonly Observation[], { datasets, perturbations }: ProtocolTable) {
  const parts = grouped(items, ({ dataset }) => dataset)
  const byDataset = datasets.map(
    (dataset) => [dataset, meanAbsolute(matrixOf(parts.get(dataset) ?? [], perturbations.length))] as const,
  )
  const defined = byDataset.map(([, value]) => value).filter((value) => value !== null)
  return {
    pooled: meanAbsolute(matrixOf(items, perturbations.length)),
    byDataset: Object.fromEntries(byDataset),
    meanOverDatasets: defined.length > 0 ? mean(defined) : null,
  }
}

function matrixOf(items: readonly Observation[], size: number): (Correlation | null)[][] {
  return spearmanMatrix(Array.from({ length: size }, (_, p) => items.map(({ accuracies }) => accuracies[p]!)))
}

function meanAbsolute(matrix: readonly (readonly (Correlation | null)[])[]): number | null {
  const above = matrix.flatMap((row, i) => row.slice(i + 1))
  if (above.length === 0 || above.includes(null)) return null
  return mean(above.map((correlation) => Math.abs(correlation!.r)))
}
