import { analyze, type AnalyzeOptions, type ProtocolAnalysis } from '../paper/analyze.ts'
import { chanceTies, type ChanceTies } from '../paper/chance-ties.ts'
import { rankBounds, type RankBounds } from '../paper/rank-bounds.ts'
import type { RankedConfiguration } from '../paper/rank.ts'
import { rank } from '../paper/rank.ts'
import { nemenyiCriticalDifference } from '../statistics/nemenyi.ts'
import { perturbationNames, type StudyNumbers } from './study-numbers.ts'

/** The analyses of one protocol, with what its ranking hangs on. */
export interface StudyProtocolAnalysis extends ProtocolAnalysis {
  readonly ranking: readonly RankedConfiguration[]
  readonly chanceTies: ChanceTies
  readonly rankBounds: RankBounds
  /**
   * How far the mean ranks of two backbones over these datasets would have to lie apart by Nemenyi's test at 5 %, of as
   * many ranks as there are backbones: why no critical-difference diagram is drawn. Null below two backbones.
   */
  readonly nemenyi: { readonly backbones: number; readonly criticalDifference: number } | null
}

/** The analyses of a study, by protocol, as plain JSON. */
export interface StudyAnalysis {
  readonly study: { readonly id: string; readonly name: string; readonly evidence: StudyNumbers['evidence'] }
  readonly perturbations: StudyNumbers['perturbations']
  readonly protocols: Readonly<Record<string, StudyProtocolAnalysis>>
}

/** Analyses the numbers of a study under its own perturbations. Throws NothingToAnalyze where it has no rows. */
export function analyzeStudy(study: StudyNumbers, options: Omit<AnalyzeOptions, 'perturbations'> = {}): StudyAnalysis {
  const perturbations = perturbationNames(study)
  const { id, name, evidence, rows } = study
  const protocols = Object.entries(analyze(rows, { ...options, perturbations })).map(([protocol, analysis]) => {
    const chosen = { protocol, perturbations }
    const backbones = new Set(rows.filter((row) => row.protocol === protocol).map(({ backbone }) => backbone)).size
    const extended: StudyProtocolAnalysis = {
      ...analysis,
      ranking: rank(rows, chosen),
      chanceTies: chanceTies(rows, chosen),
      rankBounds: rankBounds(rows, chosen),
      nemenyi:
        backbones < 2
          ? null
          : { backbones, criticalDifference: nemenyiCriticalDifference(backbones, analysis.datasets.length) },
    }
    return [protocol, extended] as const
  })
  return { study: { id, name, evidence }, perturbations: study.perturbations, protocols: Object.fromEntries(protocols) }
}
