import type { Cost } from '../attack/attack.ts'
import type { Verdict } from './verdict.ts'

/** What an ensemble did to one image, and the passes through the model that it took. */
export interface EnsembleVerdict extends Verdict, Cost {
  /** The attack that felled the image, and its run; `clean` where it was wrong unperturbed; null where it held. */
  readonly felledBy: { readonly attack: string; readonly run: number } | null
}
