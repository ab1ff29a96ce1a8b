import type { Normalisation } from '@gauntlet/nn'
import type { DigitModel } from '../../parity/attacks/digit-model.ts'
import { robustModels, type RobustModelName } from '../../parity/attacks/digit-models.ts'
import { side } from '../../parity/attacks/digits.ts'
import { digitsBackbones } from './digits-backbones.ts'

export type NetworkName = RobustModelName | keyof typeof digitsBackbones

/** An architecture on our side, the shape of its images, and what PyTorch's side builds it from. */
export interface AttackedNetwork {
  readonly model: DigitModel
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly reference: ReferenceNetwork
}

/** A model of digit_models.py, or a backbone that pytorch_models.py makes. */
export type ReferenceNetwork =
  | { readonly model: RobustModelName }
  | {
      readonly backbone: string
      readonly classes: number
      readonly side: number
      readonly normalisation: Normalisation
    }

const grey = [side, side, 1] as const
const small = (name: RobustModelName): AttackedNetwork => ({
  model: robustModels[name].model,
  shape: grey,
  reference: { model: name },
})

export const networks: Readonly<Record<NetworkName, AttackedNetwork>> = {
  cnn: small('cnn'),
  vit: small('vit'),
  ...digitsBackbones,
}
