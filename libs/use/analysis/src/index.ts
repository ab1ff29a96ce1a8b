export * from './flag-sentence.ts'
export * from './format.ts'
export * from './pace.ts'
export * from './ranked-configurations.ts'
export * from './scores.ts'
export * from './standings.ts'

// The study's tables: rank(rows, { protocol }), analyze(rows).
export * from './paper/study-row.ts'
export type { MissingCell } from './paper/protocol-table.ts'
export type { ScoreName } from './paper/score-columns.ts'
export { rank, type RankedConfiguration, type RankOptions, type UnrankedConfiguration } from './paper/rank.ts'
export * from './paper/analyze.ts'
export type { PodiumPlace } from './paper/podium.ts'
export type { Effect, EffectLevel, Interaction } from './paper/effects.ts'
export type { GroupCorrelation, PerturbationCorrelations } from './paper/correlations.ts'
export type { LossOdds, PublishedOdds } from './paper/loss-odds.ts'
export type { TierOdds } from './paper/tier-odds.ts'
export type { Proxy, ProxyFit } from './paper/proxies.ts'
export type { ScatterPoint } from './paper/scatter.ts'

// What a ranking hangs on: chance, missing cells, seeds and images.
export * from './paper/chance.ts'
export * from './paper/chance-ties.ts'
export * from './paper/rank-bounds.ts'
export * from './uncertainty/nested-bootstrap.ts'
export * from './statistics/nemenyi.ts'

// Two models on the same images, and many.
export * from './outcomes/packed-bits.ts'
export * from './statistics/proportion-intervals.ts'
export * from './statistics/paired-outcomes.ts'
export * from './atlas/agreement.ts'
export * from './atlas/outcome-atlas.ts'

// Statistics.
export * from './statistics/adjusted-p-values.ts'
export * from './statistics/analysis-of-variance.ts'
export { correlationInterval, pearson, spearman, type Correlation } from './statistics/correlation.ts'
export * from './statistics/linear-regression.ts'
export * from './statistics/odds-ratio.ts'
export * from './statistics/ranks.ts'
export * from './statistics/signed-rank.ts'
export * from './statistics/tukey.ts'

// Published tables as input.
export * from './published/table-invalid.ts'
export * from './published/table-mapping.ts'
export * from './published/published-table.ts'
export * from './published/robustbench.ts'
export * from './published/defects.ts'
