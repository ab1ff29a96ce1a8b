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
  /** Configurations in the order of the ranking. */
  readonly configurations: readonly (BootstrappedConfiguration & {
    readonly backbone: string
    readonly loss: string
    readonly seeds: number
  })[]
  /** The probability that the leader stays first. */
  readonly leaderStaysFirst: number
}

/**
 * The nested bootstrap of the ranking of a protocol's complete configurations. Null where it is not defined: no
 * configuration is complete, outcomes are not at hand, or a dataset's numbers are over different images. Seeds that a
 * configuration does not have on every dataset are left out.
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
  const held = ranked.map((configuration) => seedsOf(study.rows, protocol, configuration, datasets, names, outcomes))
  const images = datasets.map((_, d) => imagesOf(held.flatMap((seeds) => seeds.flatMap((cells) => cells[d]!))))
  if (ranked.length === 0 || held.some((seeds) => seeds.length === 0) || images.includes(null)) return null
  const sets = datasets.map((name, d) => ({
    name,
    images: images[d]!.length,
    outcomes: names.map((_, p) => held.map((seeds) => seeds.map((cells) => cells[d]![p]!.held))),
  }))
  const { draws, configurations, leaderStaysFirst } = nestedBootstrap(sets, { ...options, by })
  return {
    draws,
    by,
    configurations: configurations.map((one, i) => {
      const { backbone, loss } = ranked[i]!
      return { backbone, loss, seeds: held[i]!.length, ...one }
    }),
    leaderStaysFirst,
  }
}

/** The outcomes of a configuration as [seed][dataset][perturbation], of the seeds that have them all. */
function seedsOf(
  rows: readonly NumberedRow[],
  protocol: string,
  { backbone, loss }: Pick<ScoredConfiguration, 'backbone' | 'loss'>,
  datasets: readonly string[],
  names: readonly string[],
  outcomes: OutcomesByDigest,
): ImageOutcomes[][][] {
  const own = rows.filter((row) => row.protocol === protocol && row.backbone === backbone && row.loss === loss)
  return [...grouped(own, ({ seed }) => String(seed)).values()].flatMap((seed) => {
    const cells = datasets.map((dataset) => {
      const row = seed.find((one) => one.dataset === dataset)
      return names.map((name) => row && outcomesAt(row, name, outcomes))
    })
    return cells.flat().includes(undefined) ? [] : [cells as ImageOutcomes[][]]
  })
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
  const cellsOf = (configuration: ScoredConfiguration) =>
    seedsOf(study.rows, protocol, configuration, table.datasets, names, outcomes)[0]
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
