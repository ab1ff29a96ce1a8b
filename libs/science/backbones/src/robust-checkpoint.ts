import type { Normalisation } from '@gauntlet/nn'
import { asFloat32, type NamedArray } from '@gauntlet/weights'

/**
 * Removes the modules that the authors of a robust model published it in:
 * - MadryLab/robustness (model_utils.py, attacker.py): `module.model.*`; beside it `module.normalizer.*`, and
 *   `module.attacker.*` with a copy of model and normalisation;
 * - nmndeep/revisiting-at (main.py `WrappedModel`, utils_architecture.py `normalize_model`): `module.`, `base_model.`
 *   and `model.` in any order, with `normalize.mean` and `normalize.std` where the model was trained with a
 *   normalisation layer;
 * - thu-ml/ares: `module.` alone.
 *
 * The attacker's copy is dropped. A normalisation layer is dropped where it equals `fed`, which is how the images are
 * normalised. Another one stays, so that strict loading refuses a checkpoint that would be fed wrongly. Callers who
 * normalise images themselves (contract `none`) give no `fed`, and every normalisation layer is dropped.
 */
export function unwrapRobustCheckpoint(arrays: readonly NamedArray[], fed?: Normalisation): NamedArray[] {
  return arrays
    .map((array) => ({ ...array, name: innerName(array.name) }))
    .filter((array) => !array.name.startsWith('attacker.') && !agrees(array, fed))
}

/** Removes all outer modules: `module.base_model.model.stem.0.weight` is `stem.0.weight`. */
function innerName(name: string): string {
  return name.replace(/^(?:(?:module|base_model|model)\.)+/, '')
}

function agrees(array: NamedArray, fed: Normalisation | undefined): boolean {
  const [, part] = /^normali[sz]er?\.(?:new_)?(mean|std)$/.exec(array.name) ?? []
  if (!part || !fed) return part !== undefined
  const expected = part === 'mean' ? fed.mean : fed.deviation
  const given = asFloat32(array)
  return given.length === expected.length && expected.every((value, i) => Math.abs(value - given[i]!) < 1e-5)
}
