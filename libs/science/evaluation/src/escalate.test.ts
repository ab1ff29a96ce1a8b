import { apgdAttack, crossEntropy, linf, squareAttack, type Attack, type LogitsFunction } from '@gauntlet/attacks'
import { tf } from '@gauntlet/engine'
import { describe, expect, it } from 'vitest'
import type { AttackEvaluation, EvaluationProgress, SavedEvaluation } from './evaluation.ts'
import { outcomeFacts } from './outcome.ts'
import { decodeOutcomes, encodeOutcomes } from './outcomes-file.ts'
import { tinyModel, tinyReader } from './testing/tiny-evaluation.ts'
import { evaluateUnderAttack } from './under-attack.ts'

const ball = linf(0.03)
const own = apgdAttack({ name: 'apgd-ce', ball, loss: crossEntropy, iterations: 3, restarts: 1, targets: 0 })
const more = squareAttack({ name: 'escalated-square', ball, queries: 100, restarts: 1 })
/** Finds nothing that the evaluator's own attack has not found. */
const again: Attack = { ...own, name: 'escalated-apgd' }
const count = 20

/** The tiny model on rounded pixels, through which no gradient flows. */
const masked: LogitsFunction = (images) => tinyModel(images.mul(1e4).round().div(1e4))

function evaluated(logits: LogitsFunction, escalation: readonly Attack[], settings: Partial<AttackEvaluation> = {}) {
  const evaluation = { seed: 1, logits, reader: tinyReader(count), batchSize: 8, ...settings }
  return evaluateUnderAttack(evaluation, { ball, attacks: [own], leftOut: 0, escalation })
}

describe('an evaluation whose flags ask for more', () => {
  it('goes on against what held, and is refused where that fells much', async () => {
    const [before, after] = [await evaluated(masked, []), await evaluated(masked, [more])]
    const held = before.outcomes.filter((outcome) => outcome.held)
    expect(before.evidence.escalation).toBeUndefined()
    const felled = after.outcomes.filter(({ felledBy }) => felledBy === 'escalated-square')
    expect(felled.length).toBeGreaterThan(0)
    expect(after.evidence.escalation).toEqual({
      attacks: ['escalated-square'],
      attacked: held.length,
      felled: felled.length,
    })
    expect(after.evidence.flags).toEqual([
      { name: 'zero-gradient', value: 1, limit: 0, policy: 'mark' },
      { name: 'unsettled', value: felled.length / count, limit: 0.002, policy: 'refuse' },
    ])
    expect(after.evidence.forwards).toBeGreaterThan(before.evidence.forwards + held.length)
    for (const [index, outcome] of after.outcomes.entries()) {
      const former = before.outcomes[index]!
      if (!former.held) expect(outcome).toEqual(former)
      else expect(outcome.held ? outcome.margin <= former.margin : outcome.felledBy === 'escalated-square').toBe(true)
    }
  })

  it('hands over every adversarial image under its index in the test split', async () => {
    const handedOver = new Map<number, Float32Array>()
    const { outcomes } = await evaluated(masked, [more], { onFallen: (index, image) => handedOver.set(index, image) })
    const felled = outcomes.filter(({ held, felledBy }) => !held && felledBy !== 'clean')
    expect(felled.some(({ felledBy }) => felledBy === 'escalated-square')).toBe(true)
    expect([...handedOver.keys()].toSorted((a, b) => a - b)).toEqual(felled.map(({ index }) => index))
    const reader = tinyReader(count)
    const { images } = await reader.read(felled.map(({ index }) => index))
    felled.forEach(({ index, prediction, distance }, i) => {
      const image = handedOver.get(index)!
      const clean = images.subarray(i * image.length, (i + 1) * image.length)
      expect(Math.max(...image.map((value, j) => Math.abs(value - clean[j]!)))).toBeCloseTo(distance!, 6)
      expect(
        tf.tidy(
          () =>
            masked(tf.tensor4d(image, [1, 4, 4, 3]))
              .argMax(1)
              .dataSync()[0],
        ),
      ).toBe(prediction)
    })
  })

  it('is believed, with a note, where nothing more is felled', async () => {
    const { evidence } = await evaluated(masked, [again])
    expect(evidence.escalation).toMatchObject({ attacks: ['escalated-apgd'], felled: 0 })
    expect(evidence.flags).toEqual([{ name: 'zero-gradient', value: 1, limit: 0, policy: 'mark' }])
  })

  it.each<[string, LogitsFunction]>([
    ['they do not', tinyModel],
    ['another one refuses the accuracy anyway', (images) => tf.softmax(masked(images))],
  ])('runs no more attacks where %s', async (_, logits) => {
    const { evidence } = await evaluated(logits, [more])
    expect(evidence.escalation).toBeUndefined()
  })

  it('goes on after kills in both parts to the same file, which says what was done', async () => {
    const undisturbed = await evaluated(masked, [more])
    let resumeFrom: SavedEvaluation | undefined
    for (const blocks of [1, 3, 2]) resumeFrom = await interrupted(blocks, resumeFrom)
    expect(resumeFrom).toHaveProperty('before.length', count)
    const resumed = await evaluated(masked, [more], { resumeFrom })
    const facts = outcomeFacts(
      { name: 'Linf', epsilon: 0.03, evaluator: { name: 'malt', escalate: true } },
      resumed.evidence,
    )
    expect(resumed).toEqual(undisturbed)
    expect(decodeOutcomes(encodeOutcomes(resumed.outcomes, facts)).facts.evidence).toEqual(undisturbed.evidence)
    expect(facts.evaluator).toBe('malt-100-escalating')
  })
})

/** What an attempt that is killed after some blocks saved, as it is read from a file. */
async function interrupted(blocks: number, resumeFrom: SavedEvaluation | undefined): Promise<SavedEvaluation> {
  const controller = new AbortController()
  let last: SavedEvaluation | undefined
  let seen = 0
  const onProgress = async ({ done, total, save }: EvaluationProgress) => {
    expect(done).toBeLessThanOrEqual(total)
    if (++seen !== blocks) return
    last = structuredClone(await save())
    controller.abort(new Error('killed'))
  }
  const attempt = evaluated(masked, [more], { onProgress, signal: controller.signal, resumeFrom })
  await expect(attempt).rejects.toThrow('killed')
  return last!
}
