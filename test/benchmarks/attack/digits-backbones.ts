import { backboneFor, type Backbone } from '@gauntlet/backbones'
import { evaluationMode } from '@gauntlet/nn'
import type { DigitModel } from '../../parity/attacks/digit-model.ts'
import type { AttackedNetwork } from './networks.ts'

export const classes = 10

/** A backbone with a head of ten classes, on [batch, side, side, 3]. */
export interface DigitsBackbone extends AttackedNetwork {
  readonly model: DigitModel
  readonly backbone: Backbone
}

function digitsBackbone(id: string, side: number): DigitsBackbone {
  const backbone = backboneFor(id, 'native')
  return {
    backbone,
    model: {
      specifications: backbone.specifications(classes),
      logits: (images, parameters) => backbone.logits(images, parameters, evaluationMode),
    },
    shape: [side, side, 3],
    reference: { backbone: id, classes, side, normalisation: backbone.normalisation },
  }
}

/** EfficientNet-Lite0 is the backbone of the quickstart, with the quickstart's side. */
export const digitsBackbones = {
  lite0: digitsBackbone('tf_efficientnet_lite0.in1k', 48),
  regnetx: digitsBackbone('regnetx_004.pycls_in1k', 32),
}
