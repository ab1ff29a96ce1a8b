import type { Ball } from '@gauntlet/attacks'
import type { Parameters } from '@gauntlet/nn'
import { loadStrictly, readSafetensors, toParameters } from '@gauntlet/weights'
import { readFileSync } from 'node:fs'
import type { DigitModel } from './digit-model.ts'
import { digitsCnn } from './digits-cnn.ts'
import { digitsVit } from './digits-vit.ts'

export const norms: readonly Ball['norm'][] = ['Linf', 'L2', 'L1']

/** A model whose verdicts are compared, its weights, and the radii at which it is attacked. */
export interface RobustModel {
  readonly model: DigitModel
  readonly weights: URL
  readonly epsilons: Readonly<Record<Ball['norm'], number>>
}

export type RobustModelName = 'cnn' | 'vit'

const at = (name: string) => new URL(name, import.meta.url)

/** The robust models of digit_models.py. At these radii 25 to 50 % of the digits hold. */
export const robustModels: Readonly<Record<RobustModelName, RobustModel>> = {
  cnn: { model: digitsCnn, weights: at('robust_digits.safetensors'), epsilons: { Linf: 0.2, L2: 2, L1: 8 } },
  vit: { model: digitsVit, weights: at('robust_vit.safetensors'), epsilons: { Linf: 0.2, L2: 1.5, L1: 4 } },
}

export const robustModelNames = Object.keys(robustModels) as RobustModelName[]

/** A model's tensors from a safetensors file that must hold exactly them. They live as long as the process. */
export function weightsOf({ specifications }: DigitModel, file: string | URL): Parameters {
  const arrays = loadStrictly(readSafetensors(readFileSync(file)).arrays, specifications)
  return toParameters(arrays, specifications)
}
