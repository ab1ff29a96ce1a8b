import type { Normalisation } from '@gauntlet/nn'
import { asFloat32, type NamedArray } from '@gauntlet/weights'
import { refuseCheckpoint } from './refuse-checkpoint.ts'

/**
 * The names of the tensors of a normalisation layer before a model: `normalizer.new_mean` (MadryLab/robustness),
 * `normalize.mean` (nmndeep/revisiting-at, RobustBench), `0.mean` of a `Sequential`, bare `mean` and `mu`.
 */
const layer =
  /^(?:.*\.)?(?:(?:normali[sz]er?|normali[sz]ation|norm_layer|preproc\w*|0)\.)?(?:new_)?(mean|std|mu|sigma)$/

/**
 * Leaves out the normalisation layer that a model was saved with, where it equals `fed`, which is how the images are
 * normalised. Another one is refused, since the model would be fed wrongly. `fed` is null for callers who normalise the
 * images themselves.
 */
export function withoutNormalisation(
  arrays: readonly NamedArray[],
  fed: Normalisation | null,
  changes: string[],
): NamedArray[] {
  const layers = arrays.filter(({ name, data }) => layer.test(name) && data.length === 3)
  for (const array of fed === null ? [] : layers) {
    const [, part] = layer.exec(array.name)!
    const expected = part === 'mean' || part === 'mu' ? fed!.mean : fed!.deviation
    const given = [...asFloat32(array)]
    if (expected.every((value, i) => Math.abs(value - given[i]!) < 1e-3)) continue
    refuseCheckpoint(
      `The checkpoint normalises images itself, by ${array.name} [${given.map((value) => Number(value.toFixed(4))).join(', ')}] where they are fed with [${expected.join(', ')}]; write the input contract that it was trained with.`,
    )
  }
  if (layers.length > 0)
    changes.push(`its own normalisation of images (${layers.map(({ name }) => name).join(', ')}) is done before it`)
  return arrays.filter((array) => !layers.includes(array))
}
