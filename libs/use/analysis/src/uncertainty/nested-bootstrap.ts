import { scoreColumns, type ScoreName } from '../paper/score-columns.ts'
import { countHeld } from '../outcomes/packed-bits.ts'
import { ranksFromTop } from '../statistics/ranks.ts'
import { drawImages, heldInDraw, type ImageDraw } from './image-draw.ts'
import { keyedWords, wordBelow, type WordStream } from './keyed-words.ts'

/** The outcomes of every configuration on one dataset's test images. */
export interface ImageSetOutcomes {
  /** Names the set; part of the random key, so that datasets are drawn independently. */
  readonly name: string
  /** At least 1. */
  readonly images: number
  /** Outcomes of `packOutcomes` as [perturbation][configuration][seed]; every configuration has a seed or more. */
  readonly outcomes: readonly (readonly (readonly Uint32Array[])[])[]
}

/** How to resample, and what to rank by. */
export interface BootstrapOptions {
  readonly by: ScoreName
  readonly draws?: number
  readonly seed?: number
  /** Called after each draw. */
  readonly onProgress?: (done: number, draws: number) => void
}

/** What resampling says of one configuration. */
export interface BootstrappedConfiguration {
  /** From all seeds and images, as measured. */
  readonly score: number
  readonly rank: number
  readonly scoreInterval: readonly [number, number]
  readonly rankInterval: readonly [number, number]
  /** The share of draws in which it is first; k that share the first place have 1/k of it each. */
  readonly firstShare: number
}

/** What resampling says of a ranking. */
export interface BootstrappedRanking {
  readonly draws: number
  readonly configurations: readonly BootstrappedConfiguration[]
  /** The configuration that is first as measured (the first of them where several are), by its place. */
  readonly leader: number
  /** The probability that the leader stays first. */
  readonly leaderStaysFirst: number
}

/**
 * Nested bootstrap of a ranking: each draw takes seeds with replacement within each configuration, then images with
 * replacement within each dataset (Bouthillier et al., MLSys 2021; Agarwal et al., NeurIPS 2021), scores every
 * configuration and ranks them. One draw of images serves all configurations, seeds and perturbations of a dataset,
 * since all were judged on the same images: like McNemar's test it keeps what they have in common out of their
 * differences. Intervals are percentiles of the draws. Where configurations are near ties, percentile intervals of
 * ranks may cover less than they say (Mogstad et al. 2024); they say how far the order depends on this sample of
 * seeds and images, not on the choice of datasets.
 *
 * With one seed per configuration, all the variation is the images'. Draw d depends on the options' seed and d alone.
 */
export function nestedBootstrap(
  imageSets: readonly ImageSetOutcomes[],
  { by, draws = 2000, seed = 1, onProgress }: BootstrapOptions,
): BootstrappedRanking {
  const seedCounts = (imageSets[0]?.outcomes[0] ?? []).map((seeds) => seeds.length)
  const seedWords = keyedWords({ seed, purpose: 'bootstrap seeds' })
  const imageWords = imageSets.map(({ name }) => keyedWords({ seed, purpose: `bootstrap images ${name}` }))
  const scores: Float64Array[] = []
  const ranks: Float64Array[] = []
  for (let draw = 0; draw < draws; draw++) {
    const weights = drawSeeds(seedCounts, seedWords, draw)
    const columns = imageSets.map((set, i) => {
      const drawn = drawImages(imageWords[i]!(draw, set.images))
      return accuracyColumns(set, weights, (outcomes) => heldInDraw(drawn as ImageDraw, outcomes))
    })
    scores.push(scoreColumns(columns, by))
    ranks.push(ranksFromTop(scores[draw]!))
    onProgress?.(draw + 1, draws)
  }
  const even = seedCounts.map((count) => new Float64Array(count).fill(1 / count))
  const measured = scoreColumns(
    imageSets.map((set) => accuracyColumns(set, even, countHeld)),
    by,
  )
  return summarise(measured, scores, ranks)
}

/** How much each seed of each configuration counts in a draw; the weights of a configuration add to 1. */
function drawSeeds(seedCounts: readonly number[], words: WordStream, draw: number): Float64Array[] {
  const drawn = words(
    draw,
    seedCounts.reduce((sum, count) => sum + count, 0),
  )
  let at = 0
  return seedCounts.map((count) => {
    const weights = new Float64Array(count)
    for (let pick = 0; pick < count; pick++) weights[wordBelow(drawn[at++]!, count)]! += 1 / count
    return weights
  })
}

/** The accuracies under each perturbation, one a configuration. */
function accuracyColumns(
  { images, outcomes }: ImageSetOutcomes,
  weights: readonly Float64Array[],
  held: (outcomes: Uint32Array) => number,
): Float64Array[] {
  return outcomes.map((configurations) =>
    Float64Array.from(configurations, (seeds, configuration) => {
      let sum = 0
      seeds.forEach((bits, s) => {
        const weight = weights[configuration]![s]!
        if (weight > 0) sum += weight * held(bits)
      })
      return sum / images
    }),
  )
}

function summarise(
  measured: Float64Array,
  scores: readonly Float64Array[],
  ranks: readonly Float64Array[],
): BootstrappedRanking {
  const places = ranksFromTop(measured)
  const shares = firstShares(ranks, measured.length)
  const configurations = Array.from(measured, (score, i) => ({
    score,
    rank: places[i]!,
    scoreInterval: percentiles(scores.map((draw) => draw[i]!)),
    rankInterval: percentiles(ranks.map((draw) => draw[i]!)),
    firstShare: shares[i]!,
  }))
  const leader = places.indexOf(1)
  return { draws: ranks.length, configurations, leader, leaderStaysFirst: shares[leader] ?? 0 }
}

function firstShares(ranks: readonly Float64Array[], configurations: number): Float64Array {
  const shares = new Float64Array(configurations)
  for (const draw of ranks) {
    const winners = draw.reduce((count, rank) => count + (rank === 1 ? 1 : 0), 0)
    draw.forEach((rank, i) => {
      if (rank === 1) shares[i]! += 1 / winners
    })
  }
  return shares.map((wins) => wins / ranks.length) // whole wins add exactly, so that no share is above 1
}

/** The smallest drawn values below which 2.5 and 97.5 % of the draws lie: always values that were drawn. */
function percentiles(values: readonly number[]): readonly [number, number] {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)]!
  return [at(0.025), at(0.975)]
}
