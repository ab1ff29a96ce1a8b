import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { stepsOfAll, type Attack } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import { attacksOf, ensembleOf, type AttackEntry, type EnsembleName } from './ensemble.ts'
import type { EnsembleProgress } from './ensemble-progress.ts'
import type { EnsembleTask, OnBlock } from './ensemble-state.ts'
import { l1 } from '../balls/l1.ts'
import { l2 } from '../balls/l2.ts'
import { linf } from '../balls/linf.ts'
import type { Network } from '../attack/network.ts'
import type { EnsembleVerdict } from './ensemble-verdict.ts'
import { runEnsemble } from './run-ensemble.ts'
import { someImages } from '../testing/arbitraries.ts'
import { classes, imagesOf, rowsOf, tinyConvolution } from '../testing/tiny-models.ts'
import { LogitsNotFinite, OutsideBall } from './verdict.ts'

const balls: [string, Ball][] = [
  ['Linf', linf(0.03)],
  ['L2', l2(0.2)],
  ['L1', l1(0.6)],
]

/** Ten images, each with the label that the model predicts, but for two. */
const fixed = fc.sample(someImages, { seed: 8, numRuns: 10 }).flat().slice(0, 10)
const labels = tf.tidy(() =>
  [
    ...tinyConvolution(imagesOf(fixed.map(({ image }) => image)))
      .argMax(1)
      .dataSync(),
  ].map((label, i) => (i % 8 === 5 ? (label + 1) % classes : label)),
)
const everyRow = [...fixed.keys()]

/** The attacks of an ensemble with few steps, runs and samples. */
function shortened(
  name: EnsembleName,
  ball: Ball,
  change: (entry: AttackEntry) => Partial<AttackEntry> = () => ({}),
): Attack[] {
  const ensemble = ensembleOf(name, ball.norm, classes)
  const short = (entry: AttackEntry): AttackEntry => ({
    ...entry,
    iterations: entry.attack === 'square' ? 12 : 5,
    restarts: Math.min(entry.restarts, 2),
    ...(entry.opening ? { opening: 2 } : {}),
    targets: Math.min(entry.targets, 2),
    ...(entry.samples ? { samples: 2 } : {}),
    ...change(entry),
  })
  return attacksOf({ ...ensemble, entries: ensemble.entries.map(short) }, ball)
}

function taskOf(ball: Ball, rows: readonly number[] = everyRow, settings: Partial<EnsembleTask> = {}): EnsembleTask {
  const imageSet = {
    digests: rows.map((row) => `image ${row}`),
    labels: rows.map((row) => labels[row]!),
    shape: [4, 4, 3] as const,
    read: (chosen: readonly number[]) => imagesOf(chosen.map((i) => fixed[rows[i]!]!.image)),
  }
  return {
    logits: tinyConvolution,
    ball,
    imageSet,
    attacks: shortened('standard', ball),
    seed: 3,
    batchSize: 4,
    ...settings,
  }
}

/** The part of a verdict that must not depend on how the work was divided. */
const outcomeOf = ({ held, felledBy, prediction }: EnsembleVerdict) => ({
  held,
  felledBy,
  prediction: held ? null : prediction,
})
/** The passes must not depend on it either, unless a part of the work was done twice. */
const passes = ({ forwards, backwards }: EnsembleVerdict) => ({ forwards, backwards })

function expectSameVerdicts(
  some: readonly EnsembleVerdict[],
  others: readonly EnsembleVerdict[],
  samePasses = true,
): void {
  expect(some.map(outcomeOf)).toEqual(others.map(outcomeOf))
  if (samePasses) expect(some.map(passes)).toEqual(others.map(passes))
  some.forEach(({ margin, distance }, i) => {
    expect(margin).toBeCloseTo(others[i]!.margin, 3)
    expect(distance).toBeCloseTo(others[i]!.distance, 3)
  })
}

/** The convolution with its first logit raised, so that it errs where the convolution does not. */
const biased: Network['logits'] = (images, { bias }) => tinyConvolution(images).add(bias!)
const oneStep = (attack: Attack): Attack => ({ ...attack, blockSteps: 1 })

describe.each(balls)('an ensemble in the %s ball', (norm, ball) => {
  let verdicts: EnsembleVerdict[]
  const points = new Map<number, Float32Array>()
  beforeAll(async () => {
    verdicts = await runEnsemble(taskOf(ball, everyRow, { onFallen: (row, point) => points.set(row, point) }))
  })

  it('fells some images and not others, and attacks none that is wrong unperturbed', () => {
    expect(new Set(verdicts.map(({ held }) => held))).toEqual(new Set([true, false]))
    verdicts.forEach(({ felledBy }, row) => expect(felledBy?.attack === 'clean').toBe(row % 8 === 5))
  })

  it.each([1, 7, 64])('gives the same bits in batches of %i', async (batchSize) => {
    expect(await runEnsemble(taskOf(ball, everyRow, { batchSize }))).toEqual(verdicts)
  })

  it('gives the same bits from shards, in another order and with blocks of one step', async () => {
    const shards = [
      [9, 1, 5],
      [0, 2, 3, 4],
      [8, 7, 6],
    ]
    const apart: EnsembleVerdict[] = []
    for (const rows of shards)
      (await runEnsemble(taskOf(ball, rows, { blockSteps: 1 }))).forEach((verdict, i) => (apart[rows[i]!] = verdict))
    expect(apart).toEqual(verdicts)
  })

  it('gives the same bits twice', async () => {
    expect(await runEnsemble(taskOf(ball))).toEqual(verdicts)
  })

  it.each([true, false])(
    'gives the same verdicts when it is interrupted after any block and goes on, with the states saved: %s',
    async (withStates) => {
      let [resumed, blocks] = [undefined as EnsembleProgress | undefined, 0]
      for (let last: EnsembleVerdict[] | undefined; !last;) {
        const until = ++blocks * 3
        let [seen, kept] = [0, undefined as EnsembleProgress | undefined]
        const controller = new AbortController()
        const onBlock: OnBlock = async (save) => {
          if (++seen < until) return
          kept = await save()
          controller.abort(new Error('killed'))
        }
        const run: Promise<EnsembleVerdict[] | undefined> = runEnsemble(
          taskOf(ball, everyRow, { onBlock, blockSteps: 3, signal: controller.signal }),
          resumed,
        )
        last = await run.catch(() => undefined)
        resumed = kept && { ...kept, states: withStates ? kept.states : [] }
        if (last) expectSameVerdicts(last, verdicts, withStates)
      }
      expect(blocks).toBeGreaterThan(2)
    },
  )

  it('reports the adversarial points, which lie in ball and box and are misclassified', () => {
    const rows = [...points.keys()]
    expect(rows.toSorted((a, b) => a - b)).toEqual(
      everyRow.filter((row) => !verdicts[row]!.held && verdicts[row]!.felledBy?.attack !== 'clean'),
    )
    tf.tidy(() => {
      const adversarial = imagesOf(rows.map((row) => points.get(row)!))
      const sizes = ball.size(adversarial.sub(imagesOf(rows.map((row) => fixed[row]!.image)))).dataSync()
      const predictions = tinyConvolution(adversarial).argMax(1).dataSync()
      rows.forEach((row, i) => {
        expect(sizes[i]).toBeLessThanOrEqual(ball.epsilon * (1 + 1e-5))
        expect(verdicts[row]!.distance).toBeCloseTo(sizes[i]!, 5)
        expect(predictions[i]).not.toBe(labels[row])
      })
      for (const row of rowsOf(adversarial)) row.forEach((value) => expect(value >= 0 && value <= 1).toBe(true))
    })
  })

  it('fells with each further attack only more images', async () => {
    const attacks = shortened('standard', ball)
    let held = verdicts.map(() => true)
    for (let count = 0; count <= attacks.length; count++) {
      const now = (await runEnsemble(taskOf(ball, everyRow, { attacks: attacks.slice(0, count) }))).map(
        (verdict) => verdict.held,
      )
      now.forEach((value, i) => value && expect(held[i]).toBe(true))
      held = now
    }
    expect(held).toEqual(verdicts.map((verdict) => verdict.held))
  })

  it('holds exactly the images that hold against every attack alone, which is the pointwise worst case', async () => {
    const alone = await Promise.all(
      shortened('standard', ball).map((attack) => runEnsemble(taskOf(ball, everyRow, { attacks: [attack] }))),
    )
    expect(verdicts.map(({ held }) => held)).toEqual(verdicts.map((_, i) => alone.every((found) => found[i]!.held)))
  })

  it('counts for an image that holds the passes of all steps of all runs, and one of the clean image', async () => {
    const attacks = shortened('standard', ball)
    const total = (what: 'forwards' | 'backwards') =>
      attacks.reduce((sum, attack) => sum + stepsOfAll(attack) * attack.cost[what], 0)
    for (const { forwards, backwards } of verdicts.filter(({ held }) => held)) {
      expect([forwards, backwards]).toEqual([1 + total('forwards'), total('backwards')])
    }
    const fallen = verdicts.filter(({ held }) => !held)
    fallen.forEach(({ forwards }) => expect(forwards).toBeLessThan(2 + total('forwards')))
  })

  it.each(['apgd-ce', 'apgd-ce+t', 'malt', 'plus', 'rand'] as const)(
    'runs as %s, and holds no image that is wrong unperturbed',
    async (name) => {
      const attacks = shortened(name, ball)
      const found = await runEnsemble(taskOf(ball, everyRow, { attacks, batchSize: 16 }))
      found.forEach(({ held }, row) => held && expect(row % 8).not.toBe(5))
      expect(found.some(({ held }) => !held)).toBe(true)
    },
  )

  it('gives the work of the last block to be kept where a signal ends it', async () => {
    const controller = new AbortController()
    const wasEnded: boolean[] = []
    const onBlock: OnBlock = () => {
      wasEnded.push(controller.signal.aborted)
      setImmediate(() => controller.abort(new Error('stopped')))
    }
    const stopped = runEnsemble(taskOf(ball, everyRow, { blockSteps: 1, signal: controller.signal, onBlock }))
    await expect(stopped).rejects.toThrow('stopped')
    expect(wasEnded).toEqual([false, true])
  })

  it('leaves no tensor behind, neither when it ends nor when it is stopped', async () => {
    const before = tf.memory().numTensors
    await runEnsemble(taskOf(ball))
    expect(tf.memory().numTensors).toBe(before)
    const controller = new AbortController()
    const stopped = runEnsemble(
      taskOf(ball, everyRow, { signal: controller.signal, onBlock: () => controller.abort(new Error(norm)) }),
    )
    await expect(stopped).rejects.toThrow(norm)
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('an ensemble', () => {
  it('fells no image by a point that only the attack takes for misclassified', async () => {
    const ball = linf(0.03)
    const [attack] = shortened('apgd-ce', ball) as [Attack]
    const wrong: Attack = {
      ...attack,
      step: (...args) => ({ ...attack.step(...args), prediction: args[0].labels.add(1) }),
    }
    const [expected, found] = [
      await runEnsemble(taskOf(ball, everyRow, { attacks: [attack] })),
      await runEnsemble(taskOf(ball, everyRow, { attacks: [wrong] })),
    ]
    found.forEach(({ held }, row) => !held && expect(expected[row]!.held).toBe(false))
  })

  it('brings a point that left the ball back into it before it is confirmed', async () => {
    const ball = linf(0.03)
    const far = shortened('apgd-ce', linf(0.5))
    const found = await runEnsemble(taskOf(ball, everyRow, { attacks: far }))
    found.forEach(({ distance }) => expect(distance).toBeLessThanOrEqual(0.5))
    found.filter(({ held }) => !held).forEach(({ distance }) => expect(distance).toBeLessThanOrEqual(0.03 * (1 + 1e-5)))
  })

  it.each([1, 3, 50])(
    'evaluates the points after one that the model does not confirm, in blocks of %i',
    async (blockSteps) => {
      const ball = l2(0.2)
      const searched = { parameters: { bias: tf.tensor1d([0.2, 0, 0, 0, 0]) }, logits: biased }
      const attacks = shortened('apgd-ce', ball, () => ({ iterations: 45 }))
      const byStep = await runEnsemble(taskOf(ball, everyRow, { attacks: attacks.map(oneStep), network: searched }))
      const inBlocks = await runEnsemble(taskOf(ball, everyRow, { attacks, network: searched, blockSteps }))
      expectSameVerdicts(inBlocks, byStep, false)
    },
  )

  it('gives the rows that no image waits for to further runs of the images that are left', async () => {
    const ball = linf(1e-4)
    const attacks = shortened('apgd-ce+t', ball, ({ targets }) => ({ iterations: 20, targets: targets && 4 })).slice(1)
    let calls = 0
    const logits = (images: Tensor4D) => (calls++, tinyConvolution(images))
    const rows = everyRow.filter((row) => row % 8 !== 5).slice(0, 2)
    const callsOf = async (batchSize: number) => {
      calls = 0
      const verdicts = await runEnsemble(taskOf(ball, rows, { attacks, logits, batchSize }))
      expect(verdicts.every(({ held }) => held)).toBe(true)
      return calls
    }
    expect(await callsOf(64)).toBeLessThan((await callsOf(2)) / 3)
  })

  it('gives the same verdicts with captured attacks, and calls the network only to capture them', async () => {
    const ball = linf(0.03)
    const attacks = shortened('standard', ball, ({ targets }) => ({ iterations: 50, targets: Math.min(targets, 1) }))
    let calls = 0
    const network = { parameters: {}, logits: (images: Tensor4D) => (calls++, tinyConvolution(images)) }
    const before = tf.memory().numTensors
    const captured = await runEnsemble(taskOf(ball, everyRow, { attacks, network }))
    expect(tf.memory().numTensors).toBe(before)
    expectSameVerdicts(captured, await runEnsemble(taskOf(ball, everyRow, { attacks })))
    // Four attacks, at most three sizes of batch, two iterations to record and to check, two forward passes in FAB.
    expect([calls > 0, calls < 60]).toEqual([true, true])
  })

  it('gives every image that the opening does not fell the verdict that it has without one', async () => {
    const ball = l1(0.6)
    const verdictsWith = (opening: number) =>
      runEnsemble(taskOf(ball, everyRow, { attacks: shortened('apgd-ce', ball, () => ({ iterations: 20, opening })) }))
    const [opened, plain] = [await verdictsWith(2), await verdictsWith(0)]
    const isByOpening = ({ felledBy }: EnsembleVerdict) => felledBy?.attack === 'apgd-ce' && felledBy.run === 0
    const others = opened.flatMap((verdict, row) => (isByOpening(verdict) ? [] : [[verdict, plain[row]!] as const]))
    expect([others.length < opened.length, others.some(([{ held }]) => held)]).toEqual([true, true])
    for (const [verdict, { held, prediction, distance, margin, felledBy }] of others) {
      expect(verdict.held).toBe(held)
      if (held) expect(verdict.margin).toBeLessThanOrEqual(margin)
      else expect(verdict).toMatchObject({ prediction, margin, distance })
      if (felledBy?.attack === 'apgd-ce') expect(verdict.felledBy).toEqual({ ...felledBy, run: felledBy.run + 1 })
    }
  })

  it('refuses points outside the ball, where its projection fails', async () => {
    const leaky: Ball = { ...linf(0.1), project: (point) => point.clipByValue(0, 1) as Tensor4D }
    const attacks = shortened('apgd-ce', leaky)
    await expect(runEnsemble(taskOf(leaky, everyRow, { attacks }))).rejects.toThrow(OutsideBall)
  })

  it('refuses logits that are not numbers', async () => {
    let calls = 0
    const breaking = (images: Tensor4D) =>
      ++calls > 6 ? tinyConvolution(images).mul<Tensor2D>(Number.NaN) : tinyConvolution(images)
    const before = tf.memory().numTensors
    await expect(runEnsemble(taskOf(linf(0.01), everyRow, { logits: breaking }))).rejects.toThrow(LogitsNotFinite)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('gives no verdicts for no images', async () => {
    expect(await runEnsemble(taskOf(linf(0.1), []))).toEqual([])
  })
})
