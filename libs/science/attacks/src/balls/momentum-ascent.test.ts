import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ApgdState } from './ascent.ts'
import { linf } from './linf.ts'
import { momentumAscent, oscillationChecks, type OscillationMemory } from './momentum-ascent.ts'

const epsilon = 1

/** The step sizes after every iteration on one image with these losses, by the table that the reference keeps. */
function stepsByTable(start: number, losses: readonly number[]): number[] {
  const table = new Array<number>(losses.length).fill(0)
  let [step, best, bestAtCheck, reduced, since] = [2 * epsilon, start, start, true, 0]
  let window = Math.max(Math.trunc(0.22 * losses.length), 1)
  return losses.map((loss, i) => {
    table[i] = loss
    best = Math.max(best, loss)
    if (++since < window) return step
    let rises = 0
    for (let back = 0; back < window; back++) rises += Number(table[i - back]! > table.at(i - back - 1)!)
    const halve = rises <= 0.75 * window || (!reduced && bestAtCheck >= best)
    window = Math.max(
      window - Math.max(Math.trunc(0.03 * losses.length), 1),
      Math.max(Math.trunc(0.06 * losses.length), 1),
    )
    ;[reduced, bestAtCheck, since] = [halve, best, 0]
    return (step = halve ? step / 2 : step)
  })
}

/** The same by the running counts of `momentumAscent`, for a batch. losses: [iterations][images]. */
function stepsByAscent(starts: readonly number[], losses: readonly (readonly number[])[]): number[][] {
  const ball = linf(epsilon)
  const origin = tf.zeros([starts.length, 1, 1, 3]) as Tensor4D
  let [before, best, stepSize] = [
    tf.zeros([starts.length]) as Tensor1D,
    tf.tensor1d([...starts]),
    tf.fill([starts.length], 2 * epsilon) as Tensor1D,
  ]
  let memory = momentumAscent.begin(origin, best)
  const checks = momentumAscent.checks(losses.length)
  return losses.map((row, iteration) => {
    const loss = tf.tensor1d([...row])
    best = best.maximum(loss)
    memory = momentumAscent.observe(memory, loss, before)
    before = loss
    const state = { stepSize, bestLoss: best, memory } as ApgdState<OscillationMemory>
    if (checks.includes(iteration)) ({ stepSize, memory } = momentumAscent.adapt(ball, state, origin))
    return [...stepSize.dataSync()]
  })
}

describe('the halving of the step', () => {
  it('checks after the published iterations of 100', () => {
    expect(oscillationChecks(100).map((iteration) => iteration + 1)).toEqual([22, 41, 57, 70, 80, 87, 93, 99])
  })

  it('checks after the second and every further one of the 10 iterations of training, since its windows are rounded down', () => {
    expect(oscillationChecks(10).map((iteration) => iteration + 1)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('follows the table of losses that the reference keeps, for every image on its own', () => {
    const aLoss = fc.integer({ min: -3, max: 12 }).map((value) => value / 4)
    const aRun = fc.integer({ min: 2, max: 60 }).chain((iterations) =>
      fc.array(fc.record({ start: aLoss, losses: fc.array(aLoss, { minLength: iterations, maxLength: iterations }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    )
    fc.assert(
      fc.property(aRun, (images) => {
        const perIteration = images[0]!.losses.map((_, i) => images.map(({ losses }) => losses[i]!))
        const steps = tf.tidy(() =>
          stepsByAscent(
            images.map(({ start }) => start),
            perIteration,
          ),
        )
        images.forEach(({ start, losses }, row) =>
          expect(steps.map((step) => step[row])).toEqual(stepsByTable(start, losses)),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('counts the first step as a rise exactly where its loss is positive', () => {
    tf.tidy(() => {
      const memory = momentumAscent.begin(tf.zeros([2, 1, 1, 3]), tf.tensor1d([5, 5]))
      const observed = momentumAscent.observe(memory, tf.tensor1d([0.1, -0.1]), tf.zeros([2]))
      expect([...observed.rises.dataSync()]).toEqual([1, 0])
    })
  })
})
