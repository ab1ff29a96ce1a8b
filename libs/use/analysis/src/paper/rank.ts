import { ranksFromTop } from '../statistics/ranks.ts'
import {
  columnsOf,
  missingCells,
  protocolTable,
  type Configuration,
  type MissingCell,
  type ProtocolTable,
} from './protocol-table.ts'
import { scoreColumns, type ScoreName } from './score-columns.ts'
import { studyPerturbations, type BackboneFactors, type StudyRow } from './study-row.ts'

/** What to rank, and by what. */
export interface RankOptions {
  readonly protocol: string
  /** Borda where nothing is said, as the paper. */
  readonly by?: ScoreName
  /** The study's five where nothing is said. */
  readonly perturbations?: readonly string[]
}

/** A configuration with its place among all of its protocol. */
export interface RankedConfiguration {
  readonly backbone: string
  readonly loss: string
  readonly size: string | null
  readonly borda: number
  readonly sum: number
  readonly geometric: number
  /** From 1; equals share the better one. */
  readonly rank: number
  /** Over how many seeds its accuracies are averaged: the fewest, where datasets differ. */
  readonly seeds: number
  /** How many seeds the protocol has. */
  readonly ofSeeds: number
}

/** A configuration with its scores and the factors of its backbone. */
export interface ScoredConfiguration extends RankedConfiguration {
  readonly factors: BackboneFactors
}

/** A configuration that has no rank, and why. */
export interface UnrankedConfiguration {
  readonly backbone: string
  readonly loss: string
  readonly size: string | null
  readonly missing: readonly MissingCell[]
}

/** The configurations of a protocol, the best first. */
export interface Ranking {
  readonly ranked: readonly ScoredConfiguration[]
  readonly unranked: readonly UnrankedConfiguration[]
}

/**
 * The configurations of a protocol of which every seed has all its numbers, the best first; equals by their sum, then
 * by name. Throws NothingToAnalyze where no row has the protocol.
 */
export function rank(rows: readonly StudyRow[], options: RankOptions): RankedConfiguration[] {
  const table = protocolTable(rows, options.protocol, options.perturbations ?? studyPerturbations)
  return rankTable(table, options.by ?? 'borda').ranked.map((scored) => {
    const { factors: _, ...one } = scored
    return one
  })
}

/**
 * Ranks the complete configurations of a table (`protocolTable`). One of which a seed lacks a number has no rank and
 * takes no part in the others' Borda points: a score over fewer cells would pass for a worse model, and ranks in
 * columns of different lengths do not add. What missing cells could change, `rankBounds` says.
 */
export function rankTable(table: ProtocolTable, by: ScoreName): Ranking {
  const missing = new Map(table.configurations.map((item) => [item, missingCells(table, item)]))
  const complete = table.configurations.filter((item) => missing.get(item)!.length === 0)
  const columns = columnsOf(table, complete, ({ accuracies }, d, p) => accuracies[d]![p]!)
  const scores = {
    borda: scoreColumns(columns, 'borda'),
    sum: scoreColumns(columns, 'sum'),
    geometric: scoreColumns(columns, 'geometric'),
  }
  const places = ranksFromTop(scores[by])
  const ranked = complete.map((item, i) => ({
    ...nameOf(item),
    borda: scores.borda[i]!,
    sum: scores.sum[i]!,
    geometric: scores.geometric[i]!,
    rank: places[i]!,
    seeds: item.seeds,
    ofSeeds: table.seeds,
    factors: item.factors,
  }))
  const unranked = table.configurations
    .filter((item) => missing.get(item)!.length > 0)
    .map((item) => ({ ...nameOf(item), missing: missing.get(item)! }))
  return { ranked: ranked.sort(bestFirst), unranked }
}

function nameOf({ backbone, loss, factors }: Configuration) {
  return { backbone, loss, size: factors.size }
}

function bestFirst(a: RankedConfiguration, b: RankedConfiguration): number {
  return a.rank - b.rank || b.sum - a.sum || compareText(a.backbone, b.backbone) || compareText(a.loss, b.loss)
}

/** By code unit, so that the order is the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
