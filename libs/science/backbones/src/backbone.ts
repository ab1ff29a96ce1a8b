import type { Tensor2D, Tensor4D } from '@gauntlet/engine'
import type { ForwardContext, Normalisation, Parameters, ParameterSpecification } from '@gauntlet/nn'
import type { BackboneSpecification } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'

/**
 * Which normalisation images get. `paper`: the one that the study's authors used for every backbone; `native`: the one
 * that the checkpoint was trained with; one by name; `none`: none, for callers that normalise them. No study uses
 * `none`.
 */
export type InputContract = BackboneSpecification['inputContract'] | 'none'

/** A pretrained backbone under one input contract. */
export interface Backbone {
  readonly id: string
  readonly family: string
  /** The width of the features that the classifier reads. */
  readonly features: number
  /** The classes that the published head tells apart; 0 where the checkpoint has no head. */
  readonly pretrainedClasses: number
  /**
   * Sides of the square input, in pixels: the one that the checkpoint was trained on or that the model was built for,
   * the smallest that it computes with, and the number that every side must be a multiple of (1 unless given).
   */
  readonly resolution: { readonly native: number; readonly minimum: number; readonly step?: number }
  /** The name of the classifier, which is replaced for new classes. */
  readonly classifier: string
  /** Classifiers beside it, which are replaced with it. */
  readonly otherClassifiers?: readonly string[]
  /**
   * The name of the module that learns with the classifier, where that is more than the classifier. The study's authors
   * train the whole module `head` in linear probing and at the head's learning rate; in ConvNeXt and EdgeNeXt it
   * contains the last norm.
   */
  readonly head?: string
  readonly normalisation: Normalisation
  /** Every tensor of the model with a head for so many classes, in the order of its `state_dict`. */
  specifications(classes: number): ParameterSpecification[]
  /**
   * Converts the tensors of a published checkpoint to this family's names and shapes. Tensors that have them, and
   * unknown ones, stay as they are.
   */
  convertCheckpoint(arrays: readonly NamedArray[]): NamedArray[]
  /**
   * A tensor of learned positions resized to those that the model was built for, as timm does; any other tensor, and
   * positions that fit, as they are. Absent where a model has no positions, or none that can be resized.
   */
  resizePositions?(array: NamedArray): NamedArray
  /**
   * The logits. images: [batch, side, side, 3], RGB in [0, 1], which the model's first layer normalises; [batch,
   * classes] out.
   */
  logits(images: Tensor4D, parameters: Parameters, context: ForwardContext): Tensor2D
}

/** The models of one file. */
export interface FamilyModels {
  /** The ids of the backbones that the catalogue lists. */
  readonly ids: readonly string[]
  /** The names of all architectures. Each is an id too, and so is each with a tag of timm's after a dot. */
  readonly architectures: readonly string[]
  /**
   * The backbone of this id, or undefined where there is none. `side`: of the square images that it is for, in pixels;
   * where positions are resized it is built for them. Its native side unless given. Throws `InvalidInput`
   * where it does not compute with them.
   */
  build(id: string, contract: InputContract, side?: number): Backbone | undefined
}
