import { ProgramBuilder, tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apgdStepInputs, stepInputsAt } from './apgd-step-inputs.ts'
import { apgdStart, apgdStep } from './apgd-step.ts'
import { apgd, type ApgdRun } from './apgd.ts'
import type { ApgdState } from '../balls/ascent.ts'
import type { Ball } from '../balls/ball.ts'
import { l1 } from '../balls/l1.ts'
import { l2 } from '../balls/l2.ts'
import { linf } from '../balls/linf.ts'
import { crossEntropy } from './loss.ts'
import { momentumAscent, type OscillationMemory } from '../balls/momentum-ascent.ts'
import { randomStart } from '../balls/random-start.fixture.ts'
import {
  momentumApgdByDefinition,
  sparseApgdByDefinition,
  type PlainNorm,
  type Trace,
} from '../testing/apgd-by-definition.ts'
import { someImages } from '../testing/arbitraries.ts'
import { l1ProjectionByDefinition } from '../testing/l1-projection-by-definition.ts'
import { imagesOf, rowsOf, tinyConvolution, tinyNetwork } from '../testing/tiny-models.ts'

const clip = (value: number) => Math.min(Math.max(value, 0), 1)
const length = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))

const plainLinf = (epsilon: number): PlainNorm => ({
  project: (point, origin) =>
    point.map((value, i) => clip(Math.min(Math.max(value, origin[i]! - epsilon), origin[i]! + epsilon))),
  direction: (gradient) => gradient.map(Math.sign),
})

const plainL2 = (epsilon: number): PlainNorm => ({
  project: (point, origin) => {
    const offset = point.map((value, i) => value - origin[i]!)
    const scale = Math.min(epsilon, length(offset)) / (length(offset) + 1e-12)
    return offset.map((value, i) => clip(origin[i]! + value * scale))
  },
  direction: (gradient) => gradient.map((value) => value / (length(gradient) + 1e-12)),
})

type Definition = (image: readonly number[], label: number, iterations: number) => Trace
const byDefinition: [string, Ball, Definition][] = [
  ['Linf', linf(0.05), (...run) => momentumApgdByDefinition(plainLinf(0.05), 0.05, ...run)],
  ['L2', l2(0.4), (...run) => momentumApgdByDefinition(plainL2(0.4), 0.4, ...run)],
  [
    'L1',
    l1(2),
    (...run) => sparseApgdByDefinition((point, origin) => l1ProjectionByDefinition(point, origin, 2), 2, ...run),
  ],
]

/** Six fixed images that fast-check's generator would draw, and their labels. */
const fixed = fc.sample(someImages, { seed: 3, numRuns: 4 }).flat().slice(0, 6)

function problemOf(ball: Ball, images: { image: Float32Array; label: number }[], iterations: number) {
  const labels = tf.tensor1d(
    images.map(({ label }) => label),
    'int32',
  )
  const given = { ball, images: imagesOf(images.map(({ image }) => image)), labels, iterations }
  return { ...given, logits: tinyNetwork, start: 'clean' } satisfies ApgdRun
}

/** The states of a run from the clean images, after every iteration. */
function statesOf({ ball, logits, images, labels, iterations }: ApgdRun): ApgdState[] {
  const settings = { ball, loss: crossEntropy }
  const inputs = apgdStepInputs(ball, iterations)
  const problem = { logits, images, labels, targets: labels }
  const states: ApgdState[] = [apgdStart(settings, images, images)]
  for (const step of inputs.keys()) {
    const ofStep = stepInputsAt(inputs, tf.scalar(step, 'int32'), labels.shape[0])
    states.push(apgdStep(settings, problem, states.at(-1)!, ofStep).state)
  }
  return states.slice(2)
}

/** All step sizes of a run, and where it ended. */
function traced(run: ApgdRun): { best: Float32Array[]; bestLoss: Float32Array; stepSizes: Float32Array[] } {
  const states = statesOf(run)
  const { best, bestLoss } = states.at(-1)!
  const stepSizes = states.map(({ stepSize }) => stepSize.dataSync() as Float32Array)
  return { best: rowsOf(best), bestLoss: bestLoss.dataSync() as Float32Array, stepSizes }
}

/**
 * How many iterations can be compared: once a loss differs from an earlier one by less than float32 resolves, rounding
 * decides the steps.
 */
function untilTie({ losses }: Trace): number {
  const tie = losses.findIndex((loss, i) => losses.slice(0, i).some((earlier) => Math.abs(loss - earlier) < 1e-5))
  return tie < 0 ? losses.length : tie
}

describe.each(byDefinition)('APGD in the %s ball', (_, ball, definition) => {
  it.each([2, 10, 30])('takes the steps of the plain float64 algorithm over %i iterations', (iterations) => {
    tf.tidy(() => {
      const run = traced(problemOf(ball, fixed, iterations))
      fixed.forEach(({ image, label }, row) => {
        const expected = definition([...image], label, iterations)
        expect(run.bestLoss[row]).toBeCloseTo(expected.bestLoss, 4)
        run.best[row]!.forEach((value, i) => expect(Math.abs(value - expected.best[i]!)).toBeLessThan(2e-3))
        const compared = untilTie(expected)
        expect(compared).toBeGreaterThan(1)
        const stepSizes = run.stepSizes.map((steps) => steps[row]!).slice(0, compared)
        stepSizes.forEach((step, i) => expect(step).toBeCloseTo(expected.stepSizes[i]!, 5))
      })
    })
  })

  it('ends inside ball and box with a loss not below the start, for a model with kinks', () => {
    fc.assert(
      fc.property(someImages, fc.integer({ min: 1, max: 8 }), (images, iterations) =>
        tf.tidy(() => {
          const { images: clean, labels } = problemOf(ball, images, iterations)
          const best = apgd({ logits: tinyConvolution, ball, iterations, images: clean, labels, start: 'clean' })
          const lossAt = (points: Tensor4D) => crossEntropy(tinyConvolution(points), labels).dataSync()
          const [before, after] = [lossAt(clean), lossAt(best)]
          before.forEach((loss, i) => expect(after[i]).toBeGreaterThanOrEqual(loss - 1e-6))
          for (const size of ball.size(best.sub(clean)).dataSync())
            expect(size).toBeLessThanOrEqual(ball.epsilon * (1 + 1e-5))
          for (const row of rowsOf(best)) row.forEach((value) => expect(value >= 0 && value <= 1).toBe(true))
        }),
      ),
      { numRuns: 12 },
    )
  })

  it('treats an image alone as in a batch', () => {
    tf.tidy(() => {
      const together = traced(problemOf(ball, fixed, 10))
      fixed.slice(0, 3).forEach((image, row) => {
        const alone = traced(problemOf(ball, [image], 10))
        expect(alone.bestLoss[0]).toBeCloseTo(together.bestLoss[row]!, 5)
        alone.best[0]!.forEach((value, i) => expect(Math.abs(value - together.best[row]![i]!)).toBeLessThan(1e-5))
      })
    })
  })

  it('gives the same bits twice', () => {
    tf.tidy(() => {
      expect(traced(problemOf(ball, fixed, 10))).toEqual(traced(problemOf(ball, fixed, 10)))
    })
  })

  it('leaves no tensor behind but its result, and disposes of nothing it was given', () => {
    const { images, labels } = problemOf(ball, fixed, 5)
    const before = tf.memory().numTensors
    const best = apgd({ logits: tinyNetwork, ball, iterations: 5, images, labels, start: 'clean' })
    expect(tf.memory().numTensors).toBe(before + 1)
    tf.dispose([best, images, labels])
  })

  it('leaves no tensor behind when the model throws', () => {
    const { images, labels } = problemOf(ball, fixed, 5)
    let calls = 0
    const failing = (points: Tensor4D) => {
      if (++calls === 3) throw new Error('out of memory')
      return tinyNetwork(points)
    }
    const before = tf.memory().numTensors
    expect(() => apgd({ logits: failing, ball, iterations: 5, images, labels, start: 'clean' })).toThrow(
      'out of memory',
    )
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([images, labels])
  })
})

describe('APGD', () => {
  it('ascends from a random start too, inside ball and box', () => {
    tf.tidy(() => {
      const ball = l2(0.4)
      const { images, labels } = problemOf(ball, fixed, 5)
      const digests = fixed.map((_, row) => `image ${row}`)
      const start = randomStart(ball, images, digests, { seed: 1, attack: 'test', restart: 0 })
      const best = apgd({ logits: tinyNetwork, ball, iterations: 5, images, labels, start })
      const [before, after] = [start, best].map((points) => crossEntropy(tinyNetwork(points), labels).dataSync())
      before!.forEach((loss, i) => expect(after![i]).toBeGreaterThan(loss))
      for (const size of ball.size(best.sub(images)).dataSync()) expect(size).toBeLessThanOrEqual(0.4 * (1 + 1e-5))
    })
  })

  it('keeps the start where the loss is not a number', () => {
    tf.tidy(() => {
      const { images } = problemOf(linf(0.1), fixed, 3)
      const broken = (points: Tensor4D) => tinyNetwork(points).mul(Number.NaN) as ReturnType<typeof tinyNetwork>
      const labels = tf.zeros([fixed.length], 'int32') as Tensor1D
      const best = apgd({ logits: broken, ball: linf(0.1), iterations: 3, images, labels, start: 'clean' })
      expect(best.sub(images).abs().max().dataSync()[0]).toBe(0)
    })
  })

  it('compares the loss of the first step with 0 and not with the start, of the others with the step before', () => {
    tf.tidy(() => {
      const compared: Float32Array[] = []
      const observe: Ball['ascent']['observe'] = (memory, loss, before) => {
        compared.push(before.dataSync() as Float32Array)
        return momentumAscent.observe(memory as OscillationMemory, loss, before)
      }
      const ball: Ball = { ...linf(0.1), ascent: { ...momentumAscent, observe } }
      const states = statesOf(problemOf(ball, fixed, 4))
      const losses = states.map(({ loss }) => loss.dataSync())
      // The evaluation of the start compares too, and nothing follows from it.
      expect(compared.slice(1)).toEqual([new Float32Array(fixed.length), ...losses.slice(0, -1)])
    })
  })
})

describe('APGD in a program', () => {
  const captured = (iterations: number) => {
    const { images, labels } = problemOf(linf(0.05), fixed, iterations)
    const builder = new ProgramBuilder({})
    const attack = (inputs: { images: Tensor4D; labels: Tensor1D }) =>
      apgd({ ...inputs, logits: tinyNetwork, ball: linf(0.05), iterations, start: 'clean' })
    const program = builder.capture('attack', (inputs) => ({ outputs: { best: attack(inputs) } }), { images, labels })
    const session = builder.finish()
    const { best } = session.run(program, { images, labels })
    session.dispose()
    return { program, found: rowsOf(best), foundEagerly: rowsOf(attack({ images, labels })) }
  }

  it('gives what it gives eagerly, also beyond the iterations that are checked at the first replay', () => {
    tf.tidy(() => {
      const { found, foundEagerly } = captured(6)
      found.forEach((row, i) =>
        row.forEach((value, j) => expect(Math.abs(value - foundEagerly[i]![j]!)).toBeLessThan(1e-4)),
      )
    })
  })

  it('has as many operators for forty iterations as for two', () => {
    tf.tidy(() => {
      const operatorsOf = ({ program: { nodes, functions } }: ReturnType<typeof captured>) =>
        [nodes, ...functions.map((each) => each.nodes)].map((list) => list.length)
      expect(operatorsOf(captured(40))).toEqual(operatorsOf(captured(2)))
    })
  })
})
