import type {
  LeaderComparison,
  RankUncertainty,
  StudyAnalysis,
  StudyAtlas,
  StudyComparison,
  StudyNumbers,
} from '@gauntlet/analysis'
import type { HardestImage } from './tables/atlas.ts'

/** What a ranking of one protocol hangs on, from outcomes. */
export interface ProtocolUncertainty {
  readonly ranking: RankUncertainty | null
  readonly leader: readonly LeaderComparison[]
}

/** A picture of an image, ready to be shown. */
export interface ReportPicture {
  /** A data URL. */
  readonly url: string
  /** What it shows, in words. */
  readonly alternative: string
}

/** Claims on a study that were sealed. */
export interface SealedClaims {
  /** When, and whether that was before the first measurement. */
  readonly sentence: string
  readonly claims: readonly string[]
}

/** Everything a report is made from. */
export interface ReportInput {
  readonly study: StudyNumbers
  readonly analysis: StudyAnalysis
  /** By protocol; empty where there are no outcomes. */
  readonly uncertainty: Readonly<Record<string, ProtocolUncertainty>>
  readonly atlases: readonly StudyAtlas[]
  /** The images that fell most often. */
  readonly hardest: readonly HardestImage[]
  /** By the digest of the image. */
  readonly pictures: ReadonlyMap<string, ReportPicture>
  /** The last sealed first. */
  readonly hypotheses: readonly SealedClaims[]
  /** With other studies. */
  readonly comparisons: readonly StudyComparison[]
}
