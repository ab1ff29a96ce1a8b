import { adoptCheckpoint, backboneFor, type Backbone } from '@gauntlet/backbones'
import type { ProbedModel } from '@gauntlet/contract'
import type { DeviceFunction, Tensor2D, Tensor4D } from '@gauntlet/engine'
import { disposeParameters, type Parameters } from '@gauntlet/nn'
import { InvalidInput } from '@gauntlet/study'
import { openCheckpoint, toParameters, type CheckpointFile, type NamedArray } from '@gauntlet/weights'
import { frozen } from '../stages/classifier.ts'

/** A backbone with the weights of a file. The caller disposes of it (`disposeModel`). */
export interface LoadedModel {
  readonly backbone: Backbone
  readonly classes: number
  readonly parameters: Parameters
  /** What was stripped, left out or filled to make the weights fit, a sentence each. */
  readonly changes: readonly string[]
  /** Images → logits. */
  readonly logits: DeviceFunction<Tensor4D, Tensor2D>
}

/**
 * Loads the weights as they are found, for images of `side` pixels where positions can be resized. Every tensor of the
 * model must be there.
 */
export function loadProbedModel(
  { backbone: id, weights, classes: wanted, contract }: ProbedModel,
  side?: number,
): LoadedModel {
  const backbone = backboneFor(id, contract, side)
  const adoption = { head: 'kept', classes: wanted, normalised: contract === 'none' } as const
  const { arrays, classes, changes } = adoptCheckpoint(backbone, openFile(weights, 'weights'), adoption)
  const parameters = toParameters(arrays, backbone.specifications(classes!))
  return { backbone, classes: classes!, parameters, changes, logits: frozen(backbone, parameters) }
}

export function disposeModel({ logits, parameters }: LoadedModel): void {
  logits.dispose()
  disposeParameters(parameters)
}

/** The tensors of a file that the user named; `what` names its role in the message. */
export function readArrays(path: string, what: string): NamedArray[] {
  return openFile(path, what).arrays
}

function openFile(path: string, what: string): CheckpointFile {
  try {
    return openCheckpoint(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined)
      throw new InvalidInput(`The ${what} ${path}: ${error instanceof Error ? error.message : String(error)}`)
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `the system says ${code}`
    throw new InvalidInput(`The ${what} ${path} cannot be read (${reason}); give the path of a safetensors file.`)
  }
}
