import { perturbationCorrelations, type PerturbationCorrelations } from './correlations.ts'
import { interactions, mainEffects, publishedSignificance, type Effect, type Interaction } from './effects.ts'
import { lossOdds, type LossOdds } from './loss-odds.ts'
import { podium, type PodiumPlace } from './podium.ts'
import { protocolsOf, protocolTable } from './protocol-table.ts'
import { proxy, type Proxy } from './proxies.ts'
import { rankTable, type UnrankedConfiguration } from './rank.ts'
import { cleanAgainstRobust, type ScatterPoint } from './scatter.ts'
import { NothingToAnalyze, studyPerturbations, type FactorName, type StudyRow } from './study-row.ts'
import { tierOdds, type TierOdds } from './tier-odds.ts'

/** The paper's analyses of one protocol, as plain JSON. */
export interface ProtocolAnalysis {
  readonly datasets: readonly string[]
  /** Complete configurations: those that are ranked, and that all analyses of Borda and sum are about. */
  readonly ranked: number
  readonly unranked: readonly UnrankedConfiguration[]
  /** By size class. */
  readonly podium: Readonly<Record<string, readonly PodiumPlace[]>>
  readonly mainEffects: Readonly<Record<FactorName, Effect>>
  readonly interactions: readonly Interaction[]
  readonly correlations: PerturbationCorrelations
  /** By Borda, then by sum. */
  readonly lossOdds: readonly LossOdds[]
  readonly tierOdds: readonly TierOdds[]
  /** Null for the reference protocol, where the rows have none of it, and where the two share no dataset. */
  readonly proxy: Proxy | null
  readonly scatter: readonly ScatterPoint[]
}

/** What an analysis may be told. */
export interface AnalyzeOptions {
  /** The study's five where nothing is said. */
  readonly perturbations?: readonly string[]
  /** The protocol that cheap ones are compared with. */
  readonly reference?: string
  /** Of Tukey's letters. */
  readonly significance?: number
}

/**
 * The paper's analyses (study.md, "The analysis"), by protocol. Works on what is there: incomplete configurations are
 * named and left out of everything but the correlations, and what is not defined over so few is null. Throws
 * NothingToAnalyze where there are no rows.
 */
export function analyze(
  rows: readonly StudyRow[],
  {
    perturbations = studyPerturbations,
    reference = 'FFT-50',
    significance = publishedSignificance,
  }: AnalyzeOptions = {},
): Record<string, ProtocolAnalysis> {
  if (rows.length === 0)
    throw new NothingToAnalyze('There are no rows to analyse; import a table or run a study first.')
  const tables = protocolsOf(rows).map((protocol) => protocolTable(rows, protocol, perturbations))
  const rankings = new Map(tables.map((table) => [table.protocol, rankTable(table, 'borda')]))
  const best = tables.find(({ protocol }) => protocol === reference)
  return Object.fromEntries(
    tables.map((table) => {
      const { ranked, unranked } = rankings.get(table.protocol)!
      const isProxy = best !== undefined && table.protocol !== reference
      const analysis: ProtocolAnalysis = {
        datasets: table.datasets,
        ranked: ranked.length,
        unranked,
        podium: podium(ranked),
        mainEffects: mainEffects(ranked, significance),
        interactions: interactions(ranked, significance),
        correlations: perturbationCorrelations(table),
        lossOdds: [...lossOdds(ranked, 'borda'), ...lossOdds(ranked, 'sum')],
        tierOdds: tierOdds(ranked),
        proxy: isProxy ? proxy(table, best) : null,
        scatter: cleanAgainstRobust(table),
      }
      return [table.protocol, analysis]
    }),
  )
}
