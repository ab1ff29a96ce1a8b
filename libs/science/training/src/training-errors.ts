/** Where training was when it diverged. */
export interface DivergenceEvidence {
  /** Epoch and optimiser step, counted from 1. */
  readonly epoch: number
  readonly step: number
  /** Mean loss of the step, or of the epoch where a whole epoch shows it; a text where it is not finite. */
  readonly loss: number | 'NaN' | 'Infinity' | '-Infinity'
  /** Euclidean norm of the step's whole gradient; absent where a whole epoch shows it. */
  readonly gradientNorm?: number | 'NaN' | 'Infinity' | '-Infinity'
}

/**
 * Training reached NaN, infinity or a constant prediction. A retry does not help, since the same configuration would do
 * so again; it ends as diverged.
 */
export class Diverged extends Error {
  override readonly name = 'Diverged'

  constructor(
    what: string,
    readonly evidence: DivergenceEvidence,
  ) {
    super(`Training diverged in epoch ${evidence.epoch} at step ${evidence.step}: ${what}; lower the learning rates.`)
  }
}

/** A mid-training state is damaged or belongs to other work; the fine-tuning must be started without it. */
export class TrainingStateInvalid extends Error {
  override readonly name = 'TrainingStateInvalid'
}

/** A number as evidence holds it, since JSON has no NaN. */
export function evidenceNumber(value: number): DivergenceEvidence['loss'] {
  return Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity')
}
