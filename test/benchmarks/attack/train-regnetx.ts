/*
 * Trains timm's regnetx_004 on digits of 32 × 32 from random weights, and writes its weights:
 *
 *     npx tsx train-regnetx.ts FILE     (some ten minutes on one core)
 *
 * It starts on clean digits and goes on by Classic AT (APGD in the Linf ball) at radii that grow. Digits, weights and
 * settings are fixed, so that every run on the same machine gives the same bits.
 */
import { normal } from '@gauntlet/engine'
import { writeFileAtomically } from '@gauntlet/files'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import type { ParameterSpecification } from '@gauntlet/nn'
import { trainableModel } from '@gauntlet/training'
import { elementCount, fromParameters, toParameters, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { join } from 'node:path'
import process from 'node:process'
import { otherDigits, trainingDataOf, trainInPhases, type TrainingPhase } from '../../parity/attacks/training-digits.ts'
import { classes, digitsBackbones } from './digits-backbones.ts'

const { backbone, model, shape } = digitsBackbones.regnetx
const seed = 6
/** Every second one of the 9,000 digits that are not attacked is trained on. */
const everySecond = 2

const phases: readonly TrainingPhase[] = [
  { loss: 'standard', epsilon: 0, epochs: 3 },
  { loss: 'Classic AT', epsilon: 0.1, epochs: 3 },
  { loss: 'Classic AT', epsilon: 0.2, epochs: 8 },
]

/** Convolutions of variance 2 / (outputs · places), norms that change nothing, a small classifier. */
function freshWeight({ name, shape, kind }: ParameterSpecification): NamedArray {
  const size = elementCount(shape)
  if (kind === 'counter') return { name, shape, dtype: 'int32', data: new Int32Array(size) }
  const isOne = shape.length === 1 && /\.(weight|running_var)$/.test(name)
  const spread = shape.length === 4 ? Math.sqrt((2 * shape[1]!) / size) : kind === 'linear' ? 0.01 : 0
  const data = normal({ seed, purpose: name }, size).map((value) => Number(isOne) + spread * value)
  return { name, shape, dtype: 'float32', data }
}

const [file] = process.argv.slice(2)
const [side] = shape
const digits = await otherDigits(side, join(cacheFolder(), 'sources'))
const training = trainingDataOf(
  digits.filter((_, i) => i % everySecond === 0),
  side,
)
const parameters = await trainInPhases({
  model: trainableModel(backbone, classes),
  parameters: toParameters(model.specifications.map(freshWeight), model.specifications),
  phases,
  attackIterations: 5,
  seed,
  training,
  onPhase: ({ loss, epsilon }, held) => console.error(`${loss} ${epsilon}: ${held}`),
})
await writeFileAtomically(file!, writeSafetensors(fromParameters(parameters, model.specifications), { format: 'pt' }))
