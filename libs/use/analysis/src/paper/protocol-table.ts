import { grouped, mean } from '../statistics/moments.ts'
import { NothingToAnalyze, type BackboneFactors, type StudyRow } from './study-row.ts'

/** A backbone under a loss, within one protocol: what is ranked. */
export interface Configuration {
  readonly backbone: string
  readonly loss: string
  readonly factors: BackboneFactors
  /** As [dataset][perturbation], averaged over the seeds that have a number; null where none has. */
  readonly accuracies: readonly (readonly (number | null)[])[]
  /** As [dataset][perturbation], one a seed. */
  readonly numbers: readonly (readonly (readonly SeedNumber[])[])[]
  /** The fewest seeds that it has on any of the datasets. */
  readonly seeds: number
}

/** The number of one seed in a cell that its configuration is to have. */
export interface SeedNumber {
  /** Absent where the table says none. */
  readonly seed?: number
  /** Null where it is missing. */
  readonly accuracy: number | null
  /** The training diverged. */
  readonly diverged: boolean
}

/** The rows of one protocol: configurations × datasets × perturbations. */
export interface ProtocolTable {
  readonly protocol: string
  /** By name. */
  readonly datasets: readonly string[]
  readonly perturbations: readonly string[]
  /** How many seeds its rows have in all; rows that state none count as one seed. */
  readonly seeds: number
  /** In the order of the rows. */
  readonly configurations: readonly Configuration[]
}

/** A number that a table lacks. */
export interface MissingCell {
  readonly dataset: string
  readonly perturbation: string
  /** Absent where the table says none. */
  readonly seed?: number
}

/**
 * The table of a protocol. Its datasets are those of any of its rows, so a configuration that has not run on all of
 * them yet has missing cells. A configuration is complete where every one of its seeds has every number: a mean over
 * the seeds that happen to have ended would pass for the mean over all, and which end may depend on how good they are.
 * The seeds of a configuration are those of any of its rows; it is to have them on every dataset on which some
 * configuration has them. Throws NothingToAnalyze where no row has the protocol.
 */
export function protocolTable(
  rows: readonly StudyRow[],
  protocol: string,
  perturbations: readonly string[],
): ProtocolTable {
  const own = rows.filter((row) => row.protocol === protocol)
  if (own.length === 0) throw new NothingToAnalyze(nothingMessage(rows, protocol))
  const datasets = [...new Set(own.map(({ dataset }) => dataset))].sort()
  const seedsOn = datasets.map((dataset) => seedsOf(own.filter((row) => row.dataset === dataset)))
  const groups = grouped(own, ({ backbone, loss }) => JSON.stringify([backbone, loss]))
  const configurations = [...groups.values()].map((group) => configurationOf(group, datasets, perturbations, seedsOn))
  return { protocol, datasets, perturbations, seeds: seedsOf(own).size, configurations }
}

/** The protocols of rows, in their order. */
export function protocolsOf(rows: readonly StudyRow[]): string[] {
  return [...new Set(rows.map(({ protocol }) => protocol))]
}

/** The numbers that a configuration is to have and lacks; it is complete where there are none. */
export function missingCells(table: ProtocolTable, { numbers }: Configuration): MissingCell[] {
  return table.datasets.flatMap((dataset, d) =>
    table.perturbations.flatMap((perturbation, p) =>
      numbers[d]![p]!.filter(({ accuracy }) => accuracy === null).map(({ seed }) => ({
        dataset,
        perturbation,
        ...(seed === undefined ? {} : { seed }),
      })),
    ),
  )
}

/** The table with some of its datasets alone. */
export function onDatasets(table: ProtocolTable, datasets: readonly string[]): ProtocolTable {
  const at = datasets.map((dataset) => table.datasets.indexOf(dataset))
  const configurations = table.configurations.map((item) => {
    const numbers = at.map((d) => item.numbers[d]!)
    return { ...item, accuracies: at.map((d) => item.accuracies[d]!), numbers }
  })
  return { ...table, datasets, configurations }
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

type Seeds = ReadonlySet<number | undefined>

function seedsOf(rows: readonly StudyRow[]): Seeds {
  return new Set(rows.map(({ seed }) => seed))
}

/** `seedsOn` has the seeds of any configuration on each dataset. */
function configurationOf(
  group: readonly StudyRow[],
  datasets: readonly string[],
  perturbations: readonly string[],
  seedsOn: readonly Seeds[],
): Configuration {
  const { backbone, loss, factors } = group[0]!
  const own = seedsOf(group)
  const rows = datasets.map((dataset, d) => {
    const here = group.filter((row) => row.dataset === dataset)
    return [...here, ...seedsWithoutRow(own, seedsOn[d]!, seedsOf(here))]
  })
  const numbers = rows.map((seeds) =>
    perturbations.map((perturbation) => seeds.map((row) => numberOf(row, perturbation))),
  )
  const accuracies = numbers.map((cells) => cells.map(meanOfKnown))
  const seeds = Math.min(...rows.map((here) => new Set(here.map(({ seed }) => seed)).size))
  return { backbone, loss, factors, accuracies, numbers, seeds }
}

type SeedRow = Pick<StudyRow, 'seed' | 'diverged'> & Partial<Pick<StudyRow, 'accuracies'>>

/** The seeds that a configuration is to have on a dataset and has no row for; all of its own where nobody has any. */
function seedsWithoutRow(own: Seeds, anyones: Seeds, here: Seeds): SeedRow[] {
  const shared = [...own].filter((seed) => anyones.has(seed))
  const due = shared.length > 0 ? shared : [...own]
  return due.filter((seed) => !here.has(seed)).map((seed) => (seed === undefined ? {} : { seed }))
}

function numberOf({ seed, diverged = false, accuracies = {} }: SeedRow, perturbation: string): SeedNumber {
  return { ...(seed === undefined ? {} : { seed }), accuracy: accuracies[perturbation] ?? null, diverged }
}

function meanOfKnown(numbers: readonly SeedNumber[]): number | null {
  const known = numbers.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy]))
  return known.length > 0 ? mean(known) : null
}

function nothingMessage(rows: readonly StudyRow[], protocol: string): string {
  if (rows.length === 0) return 'There are no rows to analyse; import a table or run a study first.'
  return `No row has the protocol '${protocol}'; choose one of ${protocolsOf(rows).join(', ')}.`
}
