import type { Tensor2D, Tensor4D } from '@gauntlet/engine'
import type { ForwardContext, Normalisation, Parameters, ParameterSpecification } from '@gauntlet/nn'
import type { BackboneSpecification } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'

/** A study names a backbone that no family has; a retry does not help. */
export class UnknownBackbone extends Error {
  override readonly name = 'UnknownBackbone'
}

/**
 * `paper`: the normalisation the study's authors fed every backbone; `native`: what the checkpoint was trained with;
 * `none`: images as they are, for those who normalised them before. No study asks for `none`.
 */
export type InputContract = BackboneSpecification['inputContract'] | 'none'

/** One pretrained architecture under one input contract. */
export interface Backbone {
  readonly id: string
  readonly family: string
  /** Width of what the classifier reads. */
  readonly features: number
  /** Classes the published checkpoint tells apart. */
  readonly pretrainedClasses: number
  /**
   * Side of the square input the checkpoint was trained on, the smallest it computes with, and of what all others must
   * be a multiple (1 unless given), in pixels.
   */
  readonly resolution: { readonly native: number; readonly minimum: number; readonly step?: number }
  /** Prefix of the parameters of the classifier, which is replaced. */
  readonly classifier: string
  /**
   * Prefix of what learns with the classifier, where that is more: the study's authors train the whole module `head`,
   * which in ConvNeXt and EdgeNeXt holds the last norm, in linear probing and at the head's learning rate.
   */
  readonly head?: string
  readonly normalisation: Normalisation
  /** Every tensor of the model with a head for so many classes, in the order of its `state_dict`. */
  specifications(classes: number): ParameterSpecification[]
  /**
   * Gives the tensors of a published checkpoint this family's names; those that already have them, and unknown ones,
   * stay.
   */
  convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[]
  /**
   * images: [batch, side, side, 3], RGB in [0, 1]: normalising them is the model's first layer. [batch, classes] out.
   */
  logits(images: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor2D
}
