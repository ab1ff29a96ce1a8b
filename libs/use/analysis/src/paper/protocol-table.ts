import { mean } from '../statistics/moments.ts'
import { NothingToAnalyze, type BackboneFactors, type StudyRow } from './study-row.ts'

/** A backbone under a loss, within one protocol: what is ranked. */
export interface Configuration {
  readonly backbone: string
  readonly loss: string
  readonly factors: BackboneFactors
  /** As [dataset][perturbation], averaged over seeds; null where no seed has a number. */
  readonly accuracies: readonly (readonly (number | null)[])[]
  /** Datasets on which a training diverged. */
  readonly diverged: ReadonlySet<string>
}

/** The rows of one protocol: configurations × datasets × perturbations. */
export interface ProtocolTable {
  readonly protocol: string
  /** By name. */
  readonly datasets: readonly string[]
  readonly perturbations: readonly string[]
  /** In the order of the rows. */
  readonly configurations: readonly Configuration[]
}

/** A number that a table lacks. */
export interface MissingCell {
  readonly dataset: string
  readonly perturbation: string
}

/**
 * The table of a protocol. Its datasets are those of any of its rows, so a configuration that has not run on all of
 * them yet has missing cells. Throws NothingToAnalyze where no row has the protocol.
 */
export function protocolTable(
  rows: readonly StudyRow[],
  protocol: string,
  perturbations: readonly string[],
): ProtocolTable {
  const own = rows.filter((row) => row.protocol === protocol)
  if (own.length === 0) throw new NothingToAnalyze(nothingMessage(rows, protocol))
  const datasets = [...new Set(own.map(({ dataset }) => dataset))].sort()
  const groups = new Map<string, StudyRow[]>()
  for (const row of own) {
    const key = JSON.stringify([row.backbone, row.loss])
    groups
      .set(key, groups.get(key) ?? [])
      .get(key)!
      .push(row)
  }
  const configurations = [...groups.values()].map((group) => configurationOf(group, datasets, perturbations))
  return { protocol, datasets, perturbations, configurations }
}

/** The protocols of rows, in their order. */
export function protocolsOf(rows: readonly StudyRow[]): string[] {
  return [...new Set(rows.map(({ protocol }) => protocol))]
}

/** The cells of a configuration without a number. */
export function missingCells(table: ProtocolTable, { accuracies }: Configuration): MissingCell[] {
  return table.datasets.flatMap((dataset, d) =>
    table.perturbations.flatMap((perturbation, p) => (accuracies[d]![p] === null ? [{ dataset, perturbation }] : [])),
  )
}

/** Columns of numbers as [dataset][perturbation], one number a configuration, from whatever gives a cell's number. */
export function columnsOf(
  { datasets, perturbations }: ProtocolTable,
  configurations: readonly Configuration[],
  cell: (configuration: Configuration, dataset: number, perturbation: number) => number,
): Float64Array[][] {
  return datasets.map((_, d) =>
    perturbations.map((_, p) => Float64Array.from(configurations, (configuration) => cell(configuration, d, p))),
  )
}

function configurationOf(
  group: readonly StudyRow[],
  datasets: readonly string[],
  perturbations: readonly string[],
): Configuration {
  const { backbone, loss, factors } = group[0]!
  const accuracies = datasets.map((dataset) => {
    const seeds = group.filter((row) => row.dataset === dataset)
    return perturbations.map((perturbation) => {
      const known = seeds.map((row) => row.accuracies[perturbation]).filter((accuracy) => typeof accuracy === 'number')
      return known.length > 0 ? mean(known) : null
    })
  })
  const diverged = new Set(group.filter((row) => row.diverged).map(({ dataset }) => dataset))
  return { backbone, loss, factors, accuracies, diverged }
}

function nothingMessage(rows: readonly StudyRow[], protocol: string): string {
  if (rows.length === 0) return 'There are no rows to analyse; import a table or run a study first.'
  return `No row has the protocol '${protocol}'; choose one of ${protocolsOf(rows).join(', ')}.`
}
