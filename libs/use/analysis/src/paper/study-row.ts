/** What the analysis groups backbones by. Null where it is not known; such rows take no part in effects by it. */
export interface BackboneFactors {
  /** Size class: small, medium, large. */
  readonly size: string | null
  /** Family type (`familyType` of the catalogue): fully convolutional, fully attention, hybrid. */
  readonly type: string | null
  /** Pre-training strategy (`pretrainingStrategy` of the catalogue). */
  readonly strategy: string | null
}

/** One configuration's accuracies on one dataset: what all analyses of the study start from. */
export interface StudyRow {
  readonly backbone: string
  readonly dataset: string
  readonly loss: string
  readonly protocol: string
  /** Absent where the table says none. Accuracies are averaged over the seeds of a configuration. */
  readonly seed?: number
  /** By perturbation, each in [0, 1]; null where there is no number (yet). */
  readonly accuracies: Readonly<Record<string, number | null>>
  /** The training ended as diverged: missing numbers are then known to be no better than chance. */
  readonly diverged?: boolean
  readonly factors: BackboneFactors
}

/** The five perturbation types of the study. */
export const studyPerturbations = ['clean', 'Linf', 'L2', 'L1', 'common'] as const

/** The four factors of the study, in the order of its tables. */
export const factorNames = ['size', 'type', 'loss', 'strategy'] as const

export type FactorName = (typeof factorNames)[number]

/** The level of a factor that something with a loss and a backbone has; null where it is not known. */
export function levelOf(item: { readonly loss: string; readonly factors: BackboneFactors }, factor: FactorName) {
  return factor === 'loss' ? item.loss : item.factors[factor]
}

/** There is nothing to analyse as asked; the message says what there is. A retry does not help. */
export class NothingToAnalyze extends Error {
  override readonly name = 'NothingToAnalyze'
}
