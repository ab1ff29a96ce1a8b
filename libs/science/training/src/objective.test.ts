import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classicAdversarialTraining, objectiveFor, standard, trades } from './objective.ts'

const logit = fc.double({ min: -20, max: 20, noNaN: true })
const rows = fc.array(fc.tuple(logit, logit, logit), { minLength: 2, maxLength: 2 })

/** The losses of two images, and the logits of each forward pass: `clean` for the clean images, else `attacked`. */
function lossesOf(
  objective: typeof standard,
  clean: number[][],
  attacked: number[][],
): { losses: number[]; passes: number[][][] } {
  const [images, adversarial] = [tf.zeros([2, 1, 1, 3]) as Tensor4D, tf.ones([2, 1, 1, 3]) as Tensor4D]
  const passes: number[][][] = []
  const forward = (x: Tensor4D): Tensor2D => {
    passes.push(x === images ? clean : attacked)
    return tf.tensor2d(passes.at(-1)!)
  }
  const { losses } = objective.evaluate({ forward, images, adversarial, labels: tf.tensor1d([0, 2], 'int32') })
  return { losses: [...losses.dataSync()], passes }
}

function softmax(logits: readonly number[]): number[] {
  const exponentials = logits.map((value) => Math.exp(value - Math.max(...logits)))
  const sum = exponentials.reduce((a, b) => a + b)
  return exponentials.map((value) => value / sum)
}

describe('trades', () => {
  it('is cross-entropy plus beta times the divergence, in float64', () => {
    fc.assert(
      fc.property(rows, rows, fc.double({ min: 0, max: 10, noNaN: true }), (clean, attacked, beta) => {
        const { losses } = lossesOf(trades(beta), clean, attacked)
        losses.forEach((loss, i) => {
          const [p, q] = [softmax(clean[i]!), softmax(attacked[i]!)]
          const divergence = p.reduce((sum, one, j) => sum + one * Math.log(one / q[j]!), 0)
          const expected = -Math.log(p[[0, 2][i]!]!) + beta * divergence
          expect(Math.abs(loss - expected)).toBeLessThanOrEqual(1e-4 * Math.max(1, expected))
        })
      }),
    )
  })

  it('passes the clean images forward first and the adversarial ones second', () => {
    const [clean, attacked] = [[[1, 2, 3], [1, 2, 3]], [[3, 2, 1], [3, 2, 1]]] // prettier-ignore
    expect(lossesOf(trades(1), clean, attacked).passes).toEqual([clean, attacked])
  })

  it('is cross-entropy where adversarial and clean logits are the same, or beta is 0', () => {
    fc.assert(
      fc.property(rows, rows, (clean, attacked) => {
        const control = lossesOf(standard, clean, attacked).losses
        lossesOf(trades(6), clean, clean).losses.forEach((loss, i) => expect(loss).toBeCloseTo(control[i]!, 4))
        lossesOf(trades(0), clean, attacked).losses.forEach((loss, i) => expect(loss).toBeCloseTo(control[i]!, 4))
      }),
    )
  })
})

describe('classicAdversarialTraining', () => {
  it('does not pass the clean images forward', () => {
    const [clean, attacked] = [[[9, 0, 0], [0, 0, 9]], [[0, 1, 0], [0, 1, 0]]] // prettier-ignore
    const { losses, passes } = lossesOf(classicAdversarialTraining, clean, attacked)
    expect(passes).toEqual([attacked])
    losses.forEach((loss) => expect(loss).toBeCloseTo(Math.log(2 + Math.E), 5))
  })
})

describe('objectiveFor', () => {
  it('uses adversarial images for both adversarial losses and not for the control', () => {
    const uses = (['standard', 'Classic AT', 'TRADES'] as const).map(
      (loss) => objectiveFor(loss, { tradesBeta: 1 }).usesAdversarial,
    )
    expect(uses).toEqual([false, true, true])
  })
})
