import { learnsAsHead, type Backbone } from '@gauntlet/backbones'
import type { Tensor2D, Tensor4D } from '@gauntlet/engine'
import type { ForwardContext, Parameters, ParameterSpecification } from '@gauntlet/nn'

/** What fine-tuning needs to know of one named tensor of a model. */
export interface TrainableSpecification extends Pick<ParameterSpecification, 'name' | 'trainable' | 'decayed'> {
  /**
   * The head is the fresh classifier, with the norm beside it where its module has one; all else is the backbone. Each
   * has a learning rate of its own.
   */
  readonly role: 'backbone' | 'head'
}

/** A classifier that can be fine-tuned: a backbone with the head of a dataset. */
export interface TrainableModel {
  readonly classes: number
  readonly specifications: readonly TrainableSpecification[]
  /**
   * Images [batch, height, width, 3] in [0, 1] → logits [batch, classes]. Normalisation is part of it, so that attacks
   * work in pixel space.
   */
  logits(images: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor2D
}

/** A backbone with a head for so many classes. A tensor that files hold under several names is listed once. */
export function trainableModel(backbone: Backbone, classes: number): TrainableModel {
  const specifications = backbone
    .specifications(classes)
    .filter(({ sharedWith }) => sharedWith === undefined)
    .map(
      ({ name, trainable, decayed }) =>
        ({ name, trainable, decayed, role: learnsAsHead(backbone, name) ? 'head' : 'backbone' }) as const,
    )
  return {
    classes,
    specifications,
    logits: (images, parameters, context) => backbone.logits(images, parameters, context),
  }
}
