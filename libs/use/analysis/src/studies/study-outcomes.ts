import { alikenesses, type Alikenesses } from '../atlas/agreement.ts'
import { outcomeAtlas, type OutcomeAtlas } from '../atlas/outcome-atlas.ts'
import { pairedCounts } from '../outcomes/packed-bits.ts'
import type { PackedCauses } from '../outcomes/packed-causes.ts'
import { protocolTable } from '../paper/protocol-table.ts'
import { rankTable, type ScoredConfiguration } from '../paper/rank.ts'
import type { ScoreName } from '../paper/score-columns.ts'
import { holm } from '../statistics/adjusted-p-values.ts'
import { grouped } from '../statistics/moments.ts'
import { comparePaired, type PairedComparison } from '../statistics/paired-outcomes.ts'
import {
  nestedBootstrap,
  type BootstrappedConfiguration,
  type BootstrapOptions,
} from '../uncertainty/nested-bootstrap.ts'
import { perturbationNames, type NumberedRow, type StudyNumbers } from './study-numbers.ts'

/** The outcomes behind one number, in the order of the dataset's test images. */
export interface ImageOutcomes {
  /** Digests of the images. */
  readonly images: readonly string[]
  /** Packed (`packOutcomes`). */
  readonly held: Uint32Array
  /** What felled each image; absent where it was not asked for. */
  readonly felledBy?: PackedCauses
}

/** Outcomes by the digest of their artifact. */
export type OutcomesByDigest = ReadonlyMap<string, ImageOutcomes>

/** What resampling seeds and images says of a ranking. */
export interface RankUncertainty {
  readonly draws: number
  readonly by: ScoreName
  /** Those that were resampled, with all their seeds, in the order of the ranking. */
  readonly configurations: readonly (BootstrappedConfiguration & {
    readonly backbone: string
    readonly loss: string
    readonly seeds: number
  })[]
  /** Those that are ranked and could not be resampled; ranks and intervals here are among the others. */
  readonly leftOut: readonly { readonly backbone: string; readonly loss: string; readonly reason: string }[]
  /** The probability that the first of the ranking stays first; null where it was left out. */
  readonly leaderStaysFirst: number | null
}

/**
 * The nested bootstrap of the ranking of a protocol: of the configurations that are ranked, with all the seeds that
 * their scores are averaged over. One that lacks outcomes, or does not have each seed once on every dataset, is left
 * out. Null where it is not defined: all are left out, or a dataset's numbers are over different images.
 */
export function bootstrapRanking(
  study: StudyNumbers,
  outcomes: OutcomesByDigest,
  { protocol, ...options }: Omit<BootstrapOptions, 'by'> & { readonly protocol: string; readonly by?: ScoreName },
): RankUncertainty | null {
  const by = options.by ?? 'borda'
  const names = perturbationNames(study)
  const { datasets, ...table } = protocolTable(study.rows, protocol, names)
  const { ranked } = rankTable({ ...table, datasets }, by)
  const found = ranked.map((one) => {
    const seeds = seedsOf(study.rows, protocol, one, datasets, names, outcomes)
    return { one, seeds, reason: reasonToLeaveOut(seeds) }
  })
  const kept = found.filter(({ reason }) => reason === null)
  const held = kept.map(({ seeds }) => seeds as ImageOutcomes[][][])
  const images = datasets.map((_, d) => imagesOf(held.flatMap((seeds) => seeds.flatMap((cells) => cells[d]!))))
  if (kept.length === 0 || images.includes(null)) return null
  const sets = datasets.map((name, d) => ({
    name,
    images: images[d]!.length,
    outcomes: names.map((_, p) => held.map((seeds) => seeds.map((cells) => cells[d]![p]!.held))),
  }))
  const { draws, configurations, leader, leaderStaysFirst } = nestedBootstrap(sets, { ...options, by })
  return {
    draws,
    by,
    configurations: configurations.map((one, i) => {
      const { backbone, loss } = kept[i]!.one
      return { backbone, loss, seeds: held[i]!.length, ...one }
    }),
    leftOut: found.flatMap(({ one: { backbone, loss }, reason }) =>
      reason === null ? [] : [{ backbone, loss, reason }],
    ),
    leaderStaysFirst: kept[leader]!.one === ranked[0] ? leaderStaysFirst : null,
  }
}

type SeedCells = readonly (readonly (ImageOutcomes | null | undefined)[])[]

function reasonToLeaveOut(seeds: readonly SeedCells[]): string | null {
  const cells = seeds.flat(2)
  if (cells.includes(null)) return 'it does not have each seed once on every dataset'
  const lacking = cells.filter((cell) => cell === undefined).length
  return lacking > 0 ? `the outcomes of ${lacking} of its ${cells.length} numbers are not at hand` : null
}

/**
 * The outcomes of a configuration as [seed][dataset][perturbation]: undefined where they are not at hand, null where
 * the configuration does not have the seed once on the dataset.
 */
function seedsOf(
  rows: readonly NumberedRow[],
  protocol: string,
  { backbone, loss }: Pick<ScoredConfiguration, 'backbone' | 'loss'>,
  datasets: readonly string[],
  names: readonly string[],
  outcomes: OutcomesByDigest,
): SeedCells[] {
  const own = rows.filter((row) => row.protocol === protocol && row.backbone === backbone && row.loss === loss)
  return [...grouped(own, ({ seed }) => String(seed)).values()].map((seed) =>
    datasets.map((dataset) => {
      const [row, ...more] = seed.filter((one) => one.dataset === dataset)
      return names.map((name) => (row && more.length === 0 ? outcomesAt(row, name, outcomes) : null))
    }),
  )
}

function outcomesAt(row: NumberedRow, perturbation: string, outcomes: OutcomesByDigest): ImageOutcomes | undefined {
  const origin = row.origins[perturbation]
  if (origin?.kind !== 'measured' || row.accuracies[perturbation] == null) return undefined
  return outcomes.get(origin.outcomesDigest)
}

/** The images that all outcomes are over; null where they are over different ones. */
function imagesOf(outcomes: readonly ImageOutcomes[]): readonly string[] | null {
  const [first] = outcomes
  if (!first) return null
  const isSame = ({ images }: ImageOutcomes) =>
    images === first.images ||
    (images.length === first.images.length && images.every((image, i) => image === first.images[i]))
  return outcomes.every(isSame) ? first.images : null
}

/** What one model of an atlas did. */
export interface AtlasRow {
  /** Backbone, loss, protocol and seed. */
  readonly model: string
  readonly type: string
  /** Packed (`packOutcomes`). */
  readonly held: Uint32Array
  /** What felled each image; absent where it was not asked for. */
  readonly felledBy?: PackedCauses
}

/** Where the models of a study fail together, on one dataset under one perturbation. */
export interface StudyAtlas extends OutcomeAtlas {
  readonly dataset: string
  readonly perturbation: string
  /** The names of the images, in the order of the bits of `held`. */
  readonly imageNames: readonly string[]
  readonly rows: readonly AtlasRow[]
  readonly agreement: Alikenesses
}

/** The atlases of a study, one for each dataset and perturbation that outcomes over the same images are at hand for. */
export function studyAtlases(study: StudyNumbers, outcomes: OutcomesByDigest): StudyAtlas[] {
  const hasSeeds = new Set(study.rows.map(({ seed }) => seed)).size > 1
  const nameOf = ({ backbone, loss, protocol, seed }: NumberedRow) =>
    [backbone, loss, protocol, ...(hasSeeds ? [`seed ${seed}`] : [])].join(' · ')
  return [...grouped(study.rows, ({ dataset }) => dataset)].flatMap(([dataset, rows]) =>
    perturbationNames(study).flatMap((perturbation) => {
      const models = rows.flatMap((row) => {
        const found = outcomesAt(row, perturbation, outcomes)
        return found ? [{ id: nameOf(row), type: row.factors.type ?? 'type not known', ...found }] : []
      })
      const images = imagesOf(models)
      if (images === null) return []
      return [
        {
          dataset,
          perturbation,
          imageNames: images,
          rows: models.map(({ id, type, held, felledBy }) => ({
            model: id,
            type,
            held,
            ...(felledBy ? { felledBy } : {}),
          })),
          ...outcomeAtlas(images, models),
          agreement: alikenesses(
            models.map(({ held }) => held),
            images.length,
          ),
        },
      ]
    }),
  )
}

/** Two configurations compared on the same images. */
export interface LeaderComparison extends PairedComparison {
  readonly dataset: string
  readonly perturbation: string
  readonly leader: string
  readonly rival: string
  /** Images on which only one of the two held. */
  readonly onlyLeader: number
  readonly onlyRival: number
  /** Holm's adjustment over all comparisons given. */
  readonly adjustedPValue: number
}

/**
 * The first of a protocol's ranking compared with the next `rivals` on the same images, for every dataset and
 * perturbation, by McNemar's exact test. Of several seeds the first is compared, since each pair must be of single
 * models.
 */
export function compareWithLeader(
  study: StudyNumbers,
  outcomes: OutcomesByDigest,
  { protocol, rivals = 2 }: { readonly protocol: string; readonly rivals?: number },
): LeaderComparison[] {
  const names = perturbationNames(study)
  const table = protocolTable(study.rows, protocol, names)
  const [leader, ...others] = rankTable(table, 'borda').ranked.slice(0, rivals + 1)
  if (!leader) return []
  const cellsOf = (configuration: ScoredConfiguration) => {
    const seeds = seedsOf(study.rows, protocol, configuration, table.datasets, names, outcomes)
    return seeds.find((cells) => cells.flat().every((cell) => cell != null)) as ImageOutcomes[][] | undefined
  }
  const own = cellsOf(leader)
  const compared = others.flatMap((rival) => {
    const theirs = cellsOf(rival)
    if (!own || !theirs) return []
    return table.datasets.flatMap((dataset, d) =>
      names.flatMap((perturbation, p) => {
        const images = imagesOf([own[d]![p]!, theirs[d]![p]!])
        if (images === null) return []
        const counts = pairedCounts(own[d]![p]!.held, theirs[d]![p]!.held, images.length)
        const { onlyFirst: onlyLeader, onlySecond: onlyRival } = counts
        const who = { leader: `${leader.backbone} · ${leader.loss}`, rival: `${rival.backbone} · ${rival.loss}` }
        return [{ dataset, perturbation, ...who, onlyLeader, onlyRival, ...comparePaired(counts) }]
      }),
    )
  })
  const adjusted = holm(compared.map(({ pValue }) => pValue))
  return compared.map((comparison, i) => ({ ...comparison, adjustedPValue: adjusted[i]! }))
}
