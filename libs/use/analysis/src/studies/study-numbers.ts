import type { EvaluationFlag } from '@gauntlet/study'
import type { StudyRow } from '../paper/study-row.ts'
import type { Defect } from '../published/defects.ts'

/** Where a number that was measured came from: what `gauntlet trace` follows. */
export interface MeasuredOrigin {
  readonly kind: 'measured'
  /** Its row in the study's table. */
  readonly row: number
  readonly correct: number
  readonly total: number
  readonly evaluator: string
  readonly flags: readonly EvaluationFlag[]
  readonly measurementId: string
  readonly stageKey: string
  readonly outcomesDigest: string
  readonly codeDigest: string
  readonly environmentClass: string
  /** The seal on whose word it is known, of a number that was imported and nobody has computed here. */
  readonly importSeal?: string
}

/** Where a number that somebody published stands. */
export interface ClaimedOrigin {
  readonly kind: 'claimed'
  /** As spreadsheets number rows: the header of a table is row 1. */
  readonly row: number
  readonly column: string | null
}

export type NumberOrigin = MeasuredOrigin | ClaimedOrigin

/** A configuration on one dataset, with the origins of its numbers by perturbation. */
export interface NumberedRow extends StudyRow {
  readonly origins: Readonly<Record<string, NumberOrigin>>
}

/** A perturbation of a study, as far as anybody says what it was. */
export interface StudyPerturbation {
  readonly name: string
  /** Radius for pixels in [0, 1]; null where there is no ball, or nobody says. */
  readonly epsilon: number | null
  /** The evaluator's label; null where nobody says. */
  readonly evaluator: string | null
}

/** A cell that has no number to rank by, and why. */
export interface LackingCell {
  /** The cell in words. */
  readonly cell: string
  readonly reason: string
}

/** The numbers of a study with their origins: what rankings, analyses and reports start from. */
export interface StudyNumbers {
  readonly id: string
  readonly name: string
  /** Whether the numbers were measured, or claimed by a table that was imported; `evidenceOf` says where. */
  readonly evidence: 'measured' | 'claimed'
  /** What the numbers were read from: the file and its digest, or the environment and the code. */
  readonly source: string
  readonly perturbations: readonly StudyPerturbation[]
  readonly rows: readonly NumberedRow[]
  /** Cells without a number, and numbers that a flag refuses. */
  readonly lacking: readonly LackingCell[]
  /** What is wrong with the numbers of an imported table; empty for a study that ran. */
  readonly defects: readonly Defect[]
}

/** The names of a study's perturbations, in its order. */
export function perturbationNames({ perturbations }: StudyNumbers): string[] {
  return perturbations.map(({ name }) => name)
}

/** How many numbers a study has. */
export function countNumbers({ rows }: StudyNumbers): number {
  return rows.reduce((count, { accuracies }) => count + Object.values(accuracies).filter(isNumber).length, 0)
}

function isNumber(value: number | null): boolean {
  return value !== null
}
