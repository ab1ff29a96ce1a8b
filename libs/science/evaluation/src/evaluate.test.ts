import type { LogitsFunction } from '@gauntlet/attacks'
import { tf, type Tensor2D } from '@gauntlet/engine'
import { InvalidInput, digestOf, digestOfBytes, perturbationLabel, type Perturbation } from '@gauntlet/study'
import { beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Evaluated, Evaluation, EvaluationProgress, SavedEvaluation } from './evaluation.ts'
import type { ImageReader } from './image-reader.ts'
import { outcomeFacts, type Outcome } from './outcome.ts'
import { decodeOutcomes, encodeOutcomes } from './outcomes-file.ts'
import { ResumeInvalid } from './resume.ts'
import { tally } from './tally.ts'
import { classes, tinyModel, tinyReader } from './testing/tiny-evaluation.ts'

const apgd = { name: 'apgd-ce', iterations: 5, restarts: 2 } as const
const attacks: Perturbation[] = [
  { name: 'Linf', epsilon: 0.03, evaluator: apgd },
  { name: 'L2', epsilon: 0.15, evaluator: apgd },
  { name: 'L1', epsilon: 0.5, evaluator: apgd },
]
const ensemble: Perturbation = { name: 'Linf', epsilon: 0.03, evaluator: { name: 'apgd-ce+t' } }
const clean: Perturbation = { name: 'clean', evaluator: { name: 'argmax' } }
const common: Perturbation = {
  name: 'common',
  evaluator: { name: 'corruptions', portfolio: ['contrast', 'snow'], severity: 3 },
}
const every = [clean, ...attacks, common]

const count = 22
const expected = Array.from({ length: count }, (_, i) => digestOf(`image ${i}`))

function evaluation(perturbation: Perturbation, settings: Partial<Evaluation> = {}): Evaluation {
  return { perturbation, seed: 1, logits: tinyModel, classes, reader: tinyReader(count), batchSize: 8, ...settings }
}

async function outcomesOf(settings: Evaluation): Promise<Outcome[]> {
  return (await evaluate(settings)).outcomes
}

/** What an attempt that is killed after some blocks or batches saved, as it is read from a file. */
async function interrupted(
  perturbation: Perturbation,
  blocks: number,
  settings: Partial<Evaluation> = {},
): Promise<SavedEvaluation> {
  const controller = new AbortController()
  let last: SavedEvaluation | undefined
  let seen = 0
  const onProgress = async ({ save }: EvaluationProgress) => {
    if (++seen !== blocks) return
    last = await save()
    controller.abort(new Error('killed'))
  }
  const attempt = evaluate(evaluation(perturbation, { ...settings, onProgress, signal: controller.signal }))
  await expect(attempt).rejects.toThrow('killed')
  return structuredClone(last!)
}

/** The digest of the whole outcomes file. */
function digestOfEvaluated({ outcomes, evidence }: Evaluated, perturbation: Perturbation): string {
  return digestOfBytes(encodeOutcomes(outcomes, outcomeFacts(perturbation, evidence)))
}

it('gives what the last batch showed to be kept where a signal ends it', async () => {
  const controller = new AbortController()
  const kept: [wasEnded: boolean, done: number][] = []
  const onProgress = ({ done }: EvaluationProgress) => {
    kept.push([controller.signal.aborted, done])
    setImmediate(() => controller.abort(new Error('stopped')))
  }
  const clean: Perturbation = { name: 'clean', evaluator: { name: 'argmax' } }
  const attempt = evaluate(evaluation(clean, { batchSize: 1, onProgress, signal: controller.signal }))
  await expect(attempt).rejects.toThrow('stopped')
  expect(kept).toEqual([
    [false, 1],
    [true, 2],
  ])
})

describe.each(every.map((perturbation) => [perturbation.name, perturbation] as const))(
  'evaluating under %s',
  (_, perturbation) => {
    let evaluated: Evaluated
    beforeAll(async () => void (evaluated = await evaluate(evaluation(perturbation))))

    it('gives every image one outcome, in order, and a file that holds them with the evidence', () => {
      const { outcomes, evidence } = evaluated
      expect(outcomes.map(({ index }) => index)).toEqual([...expected.keys()])
      expect(tally(outcomes, expected).total).toBe(count)
      const facts = outcomeFacts(perturbation, evidence)
      expect(decodeOutcomes(encodeOutcomes(outcomes, facts))).toEqual({ outcomes, facts })
      expect(evidence.forwards).toBeGreaterThanOrEqual(count)
    })

    it('counts no image as held that is misclassified unperturbed', () => {
      const cause = perturbation.name === 'common' ? 'common' : 'clean'
      const wrong = evaluated.outcomes.filter(({ index }) => index % 4 === 3)
      expect(wrong.map(({ held, felledBy, run }) => ({ held, felledBy, run }))).toEqual(
        wrong.map(() => ({ held: false, felledBy: cause, run: null })),
      )
    })

    it.each([1, 16, 100])('gives the same file in batches of %i', async (batchSize) => {
      const again = await evaluate(evaluation(perturbation, { batchSize }))
      expect(digestOfEvaluated(again, perturbation)).toBe(digestOfEvaluated(evaluated, perturbation))
    })

    it('gives every image the same outcome to the bit where two workers share the images', async () => {
      const halves = await Promise.all(
        [tinyReader(count).slice(0, 9), tinyReader(count).slice(9, count)].map((reader) =>
          outcomesOf(evaluation(perturbation, { reader, batchSize: 4 })),
        ),
      )
      const joined = halves.flat().map((outcome, index) => ({ ...outcome, index }))
      expect(joined).toEqual(evaluated.outcomes)
    })

    it('leaves no tensor behind', async () => {
      const settings = evaluation(perturbation)
      const before = tf.memory().numTensors
      await evaluate(settings)
      expect(tf.memory().numTensors).toBe(before)
    })
  },
)

describe.each([clean, common].map((perturbation) => [perturbation.name, perturbation] as const))(
  'resuming %s',
  (_, perturbation) => {
    it.each([1, 16, 100])(
      'after three kills in batches of %i gives the file of an undisturbed run',
      async (batchSize) => {
        let saved: SavedEvaluation | undefined
        const settings = { batchSize, reader: tinyReader(330) }
        for (const blocks of [1, 1, 2])
          saved = await interrupted(perturbation, blocks, { ...settings, resumeFrom: saved })
        const resumed = await evaluate(evaluation(perturbation, { ...settings, resumeFrom: saved }))
        const whole = await evaluate(evaluation(perturbation, { reader: tinyReader(330) }))
        expect(digestOfEvaluated(resumed, perturbation)).toBe(digestOfEvaluated(whole, perturbation))
      },
    )

    it.each([1, 2])(
      'after %i batches gives the bits of an undisturbed run and reads no image again that was done',
      async (batches) => {
        const resumeFrom = await interrupted(perturbation, batches)
        expect(resumeFrom).toMatchObject({ outcomes: { length: 8 * batches } })
        const reader = tinyReader(count)
        expect(await evaluate(evaluation(perturbation, { reader, resumeFrom }))).toEqual(
          await evaluate(evaluation(perturbation)),
        )
        expect(reader.reads.flat()[0]).toBe(8 * batches)
      },
    )
  },
)

describe.each([...attacks, ensemble].map((perturbation) => [perturbationLabel(perturbation), perturbation] as const))(
  'resuming %s',
  (_, perturbation) => {
    it.each([1, 4, 100])(
      'gives the same file after kills in batches of %i, and the same outcomes where the states of the attack are lost',
      { timeout: 180_000 }, // half a minute on a quiet machine of two slow cores
      async (batchSize) => {
        const reader = tinyReader(10)
        const settings = { reader, batchSize }
        const undisturbed = await evaluate(evaluation(perturbation, { reader }))
        let saved: SavedEvaluation | undefined
        // In one batch the restarts share its passes, so that there are fewer blocks.
        const ofAttack = batchSize === 100 ? [1, 1] : [1, 1, 1]
        const kills = perturbation === ensemble ? [2, 12, 3] : ofAttack
        for (const blocks of kills) saved = await interrupted(perturbation, blocks, { ...settings, resumeFrom: saved })
        const resumed = await evaluate(evaluation(perturbation, { ...settings, resumeFrom: saved }))
        expect(digestOfEvaluated(resumed, perturbation)).toBe(digestOfEvaluated(undisturbed, perturbation))
        const { ensemble: progress } = saved as Extract<SavedEvaluation, { kind: 'ensemble' }>
        const withoutStates: SavedEvaluation = { kind: 'ensemble', ensemble: { ...progress, states: [] } }
        const restarted = await outcomesOf(
          evaluation(perturbation, { ...settings, resumeFrom: withoutStates, batchSize: 3 }),
        )
        expect(restarted).toEqual(undisturbed.outcomes)
      },
    )
  },
)

describe.each(attacks.map((perturbation) => [perturbation.name, perturbation] as const))(
  'attacking in %s',
  (name, perturbation) => {
    it('fells some of the images that are right unperturbed under its name, and those that are wrong as `clean`', async () => {
      const outcomes = await outcomesOf(evaluation(perturbation))
      const causes = outcomes.map(({ felledBy }) => felledBy)
      expect(new Set(causes)).toEqual(new Set([null, 'clean', 'apgd-ce']))
      const radius = (perturbation as { epsilon: number }).epsilon
      for (const { distance, felledBy } of outcomes) {
        expect(distance).toBeLessThanOrEqual(radius * (1 + 1e-4))
        if (felledBy === 'clean') expect(distance).toBe(0)
      }
    })

    it('is never above clean accuracy, and equals it in a tiny ball', async () => {
      const correct = async (one: Perturbation) => tally(await outcomesOf(evaluation(one)), expected).correct
      const unperturbed = await correct(clean)
      expect(await correct(perturbation)).toBeLessThan(unperturbed)
      expect(await correct({ ...perturbation, epsilon: 1e-7 } as Perturbation), name).toBe(unperturbed)
    })

    it('starts elsewhere with another seed', async () => {
      const distances = async (seed: number) =>
        (await outcomesOf(evaluation(perturbation, { seed }))).map(({ margin }) => margin)
      expect(await distances(1)).not.toEqual(await distances(2))
    })
  },
)

const saved = (outcomes: readonly Outcome[]): SavedEvaluation => ({ kind: 'outcomes', outcomes })

describe('evaluating', () => {
  it('names the corruption that felled an image, where the reader gives it', async () => {
    const plain = tinyReader(8)
    const reader: ImageReader = {
      ...plain,
      read: async (indices) => ({ ...(await plain.read(indices)), corruptions: indices.map((i) => `corruption ${i}`) }),
    }
    const outcomes = await outcomesOf(evaluation(common, { reader }))
    expect(outcomes.map(({ felledBy }) => felledBy)).toEqual([
      null,
      null,
      null,
      'corruption 3',
      null,
      null,
      null,
      'corruption 7',
    ])
    expect(outcomes.every(({ distance }) => distance === null)).toBe(true)
  })

  it('does nothing again that was done, also where the batch size has changed', async () => {
    const full = await outcomesOf(evaluation(clean))
    const reader = tinyReader(count)
    const resumed = await outcomesOf(evaluation(clean, { reader, resumeFrom: saved(full.slice(0, 8)), batchSize: 5 }))
    expect(reader.reads.flat()[0]).toBe(8)
    expect(resumed).toEqual(full)
  })

  it('has nothing to do where all is done', async () => {
    const full = await outcomesOf(evaluation(clean))
    const reader = tinyReader(count)
    expect(await outcomesOf(evaluation(clean, { reader, resumeFrom: saved(full) }))).toEqual(full)
    expect(reader.reads).toEqual([])
  })

  it('refuses to resume from outcomes of other images', async () => {
    const full = await outcomesOf(evaluation(clean))
    await expect(evaluate(evaluation(clean, { resumeFrom: saved(full.slice(1)) }))).rejects.toThrow(ResumeInvalid)
    await expect(evaluate(evaluation(clean, { reader: tinyReader(8), resumeFrom: saved(full) }))).rejects.toThrow(
      ResumeInvalid,
    )
  })

  it('waits for the progress of a batch to be saved before it begins the next', async () => {
    const events: string[] = []
    const plain = tinyReader(count)
    const reader: ImageReader = {
      ...plain,
      read: (indices) => (events.push(`read ${indices[0]}`), plain.read(indices)),
    }
    const onProgress = async ({ done, total }: EvaluationProgress) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      events.push(`${done} of ${total}`)
    }
    await evaluate(evaluation(clean, { reader, onProgress }))
    expect(events).toEqual(['read 0', '8 of 22', 'read 8', '16 of 22', 'read 16', '22 of 22'])
  })

  it.each(every.slice(0, 2))('ends as diverged where the logits are not numbers ($name)', async (perturbation) => {
    const logits: LogitsFunction = (images) => tinyModel(images).div<Tensor2D>(0)
    await expect(evaluate(evaluation(perturbation, { logits }))).rejects.toMatchObject({ name: 'Diverged' })
  })

  it.each([
    ['too few values', { images: new Float32Array(3) }],
    ['too few labels', { labels: new Int32Array(1) }],
    ['too few digests', { digests: [] }],
    ['values above 1', { images: new Float32Array(8 * 48).fill(255) }],
    ['values that are not numbers', { images: new Float32Array(8 * 48).fill(Number.NaN) }],
  ])('refuses images with %s', async (_, change) => {
    const plain = tinyReader(8)
    const reader: ImageReader = { ...plain, read: async (indices) => ({ ...(await plain.read(indices)), ...change }) }
    await expect(evaluate(evaluation(clean, { reader }))).rejects.toThrow(InvalidInput)
  })
})
