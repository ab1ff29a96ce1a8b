import { standings } from '@gauntlet/analysis'
import { linf, type LogitsFunction } from '@gauntlet/attacks'
import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { ensembleAttacks, evaluateUnderAttack, type ImageReader } from '@gauntlet/evaluation'
import { decodeOutcomes, encodeOutcomes, outcomeFacts, tally } from '@gauntlet/evaluation/outcomes'
import { digestOf, type Perturbation } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { robustModels, weightsOf } from '../parity/attacks/digit-models.ts'
import { heldOutDigits, pixels, side } from '../parity/attacks/digits.ts'

const count = 16
const perturbation: Perturbation = {
  name: 'Linf',
  epsilon: 0.2,
  evaluator: { name: 'apgd-ce', iterations: 100, restarts: 1 },
}
const { model, weights } = robustModels.cnn
const parameters = weightsOf(model, weights)
const unmasked: LogitsFunction = (images) =>
  model.logits(images.slice([0, 0, 0, 0], [-1, -1, -1, 1]) as Tensor4D, parameters)

let passes = 0
/** The robust CNN with its gradients masked in three ways. */
const masked: [string, LogitsFunction, RegExp][] = [
  ['saturated logits', (images) => unmasked(images).mul<Tensor2D>(1000), /logits so far apart/],
  [
    'logits with noise',
    (images) => unmasked(images).add<Tensor2D>(tf.randomNormal([images.shape[0], 10], 0, 1, 'float32', ++passes)),
    /answers the same image differently/,
  ],
  ['probabilities for logits', (images) => tf.softmax(unmasked(images)), /gives probabilities instead of logits/],
]

/** Reads the first digits, in three equal channels. */
function readerOfDigits(): ImageReader {
  const { images, labels } = heldOutDigits()
  const digests = images.map((image) => digestOf([...image]))
  return {
    count,
    resolution: side,
    entry: (index) => ({ digest: digests[index]!, label: labels[index]! }),
    read: async (indices) => ({
      images: Float32Array.from({ length: indices.length * pixels * 3 }, (_, i) => {
        const row = Math.floor(i / (pixels * 3))
        return images[indices[row]!]![Math.floor(i / 3) - row * pixels]! / 255
      }),
      labels: Int32Array.from(indices, (index) => labels[index]!),
      digests: indices.map((index) => digests[index]!),
    }),
  }
}

/** The counts and flags of a model, as they are read from its outcomes file. */
async function measured(logits: LogitsFunction) {
  const reader = readerOfDigits()
  const evaluation = { seed: 1, logits, reader, batchSize: count }
  const { outcomes, evidence } = await evaluateUnderAttack(evaluation, ensembleAttacks('apgd-ce', linf(0.2), 10))
  const file = decodeOutcomes(encodeOutcomes(outcomes, outcomeFacts(perturbation, evidence)))
  const expected = Array.from({ length: count }, (_, index) => reader.entry(index).digest)
  return { ...tally(file.outcomes, expected), flags: file.facts.evidence.flags }
}

it('a model that shows its gradients is ranked, and one with saturated logits, random numbers or probabilities is not, with the reason', async () => {
  const found = [await measured(unmasked)]
  for (const [, logits] of masked) found.push(await measured(logits))
  const [open, ...hidden] = standings(found.map((one) => [one]))
  expect(open).toMatchObject({ rank: 1, refusals: [] })
  hidden.forEach(({ rank, scores, refusals }, i) => {
    const [name, , reason] = masked[i]!
    expect([rank, scores], name).toEqual([null, null])
    expect(refusals.map((refusal) => refusal.reason).join(), name).toMatch(reason)
  })
})
