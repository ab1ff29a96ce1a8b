import { backboneFor, type Backbone } from '@gauntlet/backbones'
import type { ProbedModel } from '@gauntlet/contract'
import type { DeviceFunction, Tensor2D, Tensor4D } from '@gauntlet/engine'
import { disposeParameters, type Parameters } from '@gauntlet/nn'
import { loadStrictly, readCheckpoint, toParameters, type NamedArray } from '@gauntlet/weights'
import { frozen } from '../stages/classifier.ts'
import { ProbeInputInvalid } from './probe-input-invalid.ts'

/** A backbone with the weights of a file. The caller disposes of it (`disposeModel`). */
export interface LoadedModel {
  readonly backbone: Backbone
  readonly classes: number
  readonly parameters: Parameters
  /** Images → logits. */
  readonly logits: DeviceFunction<Tensor4D, Tensor2D>
}

/** Loads the weights strictly, under the reference's names or those of a published checkpoint. */
export function loadProbedModel({ backbone: id, weights, classes: wanted, contract }: ProbedModel): LoadedModel {
  const backbone = backboneFor(id, contract)
  const arrays = backbone.convertCheckpoint(readArrays(weights, 'weights'))
  const classes = wanted ?? classesOf(backbone, arrays, weights)
  const specifications = backbone.specifications(classes)
  const parameters = toParameters(loadStrictly(arrays, specifications).arrays, specifications)
  return { backbone, classes, parameters, logits: frozen(backbone, parameters) }
}

export function disposeModel({ logits, parameters }: LoadedModel): void {
  logits.dispose()
  disposeParameters(parameters)
}

/** The tensors of a file that the user named; `what` names its role in the message. */
export function readArrays(path: string, what: string): NamedArray[] {
  try {
    return readCheckpoint(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined)
      throw new ProbeInputInvalid(`The ${what} ${path}: ${error instanceof Error ? error.message : String(error)}`)
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `the system says ${code}`
    throw new ProbeInputInvalid(`The ${what} ${path} cannot be read (${reason}); give the path of a safetensors file.`)
  }
}

/** The number of classes of the head in the weights. */
function classesOf(backbone: Backbone, arrays: readonly NamedArray[], weights: string): number {
  const name = `${backbone.classifier}.weight`
  const head = arrays.find((array) => array.name === name)
  if (!head?.shape[0]) {
    throw new ProbeInputInvalid(
      `The weights ${weights} have no head (${name}); add one, since every tensor of the model must be there.`,
    )
  }
  return head.shape[0]
}
