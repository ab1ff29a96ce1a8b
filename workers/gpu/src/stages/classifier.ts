import { backboneOf, type Backbone, type FamilyModels } from '@gauntlet/backbones'
import { deviceFunction, type DeviceFunction, type Tensor, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode, Parameters, type ParameterSpecification } from '@gauntlet/nn'
import type { Configuration } from '@gauntlet/study'
import { trainableModel, type TrainableModel } from '@gauntlet/training'
import { loadStrictly, readSafetensors, toParameters, type NamedArray } from '@gauntlet/weights'

/** A configuration's model: its backbone with a head for its dataset's classes. */
export interface Classifier extends TrainableModel {
  readonly backbone: Backbone
  readonly parameterSpecifications: readonly ParameterSpecification[]
}

export function classifierOf(
  models: readonly FamilyModels[],
  { backbone: { id, inputContract }, dataset: { classes, resolution } }: Configuration,
): Classifier {
  const backbone = backboneOf(models, id, inputContract, resolution)
  return { ...trainableModel(backbone, classes), backbone, parameterSpecifications: backbone.specifications(classes) }
}

/** Every tensor of the model from a file that must hold them all. The caller disposes of them. */
export function loadClassifier(
  { parameterSpecifications }: Classifier,
  safetensors: Uint8Array,
  additional: readonly NamedArray[] = [],
): Parameters {
  const arrays = loadStrictly([...readSafetensors(safetensors).arrays, ...additional], parameterSpecifications)
  return toParameters(arrays, parameterSpecifications)
}

/** Images → logits of a model that no longer changes. The caller disposes of it before the parameters. */
export function frozen(
  { logits }: Pick<Classifier, 'logits'>,
  parameters: Parameters,
): DeviceFunction<Tensor4D, Tensor2D> {
  return deviceFunction(
    (images: Tensor4D, held: Readonly<Record<string, Tensor>>) =>
      logits(images, Parameters.of(Object.entries(held)), evaluationMode),
    Object.fromEntries(parameters.entries()),
  )
}
