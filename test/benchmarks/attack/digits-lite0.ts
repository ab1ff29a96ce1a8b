import { backboneFor } from '@gauntlet/backbones'
import { evaluationMode } from '@gauntlet/nn'
import type { DigitModel } from '../../parity/attacks/digit-model.ts'

/** The backbone of the quickstart, with the quickstart's input contract. */
export const lite0 = backboneFor('tf_efficientnet_lite0.in1k', 'native')

export const classes = 10

/** The shape of its digits: 48 × 48, in colour. */
export const lite0Shape = [48, 48, 3] as const

/** EfficientNet-Lite0 with a head of ten classes, on [batch, 48, 48, 3]. */
export const digitsLite0: DigitModel = {
  specifications: lite0.specifications(classes),
  logits: (images, parameters) => lite0.logits(images, parameters, evaluationMode),
}
