import { describe, expect, it } from 'vitest'
import { tf, type Tensor } from '../tf.ts'
import { firstReplayAgreement, type Jitter } from './first-replay.ts'
import { float32 } from '../graphs/precision.ts'
import type { Program } from '../sessions/program.ts'
import { ReplayDiffers } from '../recording/refusals.ts'

const start = Float32Array.of(0.5, 1, 1.5, 2)

/** The agreement of a program whose code computes `eager` and whose replay computes `replayed`. */
function agreementBetween(eager: (x: Tensor) => Tensor, replayed: (x: Tensor, run: number) => Tensor) {
  return tf.tidy(() => {
    const x = tf.tensor1d(start)
    let runs = 0
    const replay = (jittered: Jitter = (tree) => tree) => [replayed(jittered({ x }).x, runs++)]
    const outputs = [{ path: 'y', tensor: eager(x) }]
    const run = { inputs: { x }, outputs, state: new Map(), dispose: () => {} }
    const agreement = firstReplayAgreement({
      program: { name: 'y' } as Program,
      eager: run,
      precision: float32,
      state: {},
      replay,
    })
    return { ...agreement, runs }
  })
}

/** Turns a change of the seventh digit of its argument into a change of its first digit. */
const chaotic = (x: Tensor) => x.mul(1e6).sin()

describe('the first replay', () => {
  it('passes within the tolerance, and no other replay follows', () => {
    expect(
      agreementBetween(
        (x) => x.exp(),
        (x) => x.exp(),
      ),
    ).toMatchObject({ exact: true, runs: 1 })
    expect(
      agreementBetween(
        (x) => x.exp(),
        (x) => x.mul(1 + 2e-6).exp(),
      ),
    ).toMatchObject({ exact: false, runs: 1 })
  })

  it('passes beyond the tolerance where rounding of the inputs causes as much', () => {
    const agreement = agreementBetween(chaotic, (x) => chaotic(x.mul(1 + 3e-7)))
    expect(agreement.deviation).toBeGreaterThan(float32.tolerance)
    expect(agreement.deviation).toBeLessThanOrEqual(4 * agreement.sensitivity!)
    expect(agreement.runs).toBeGreaterThanOrEqual(3)
  })

  it.each<[string, (x: Tensor) => Tensor, (x: Tensor, run: number) => Tensor, string]>([
    ['a smooth program is wrong', (x) => x.exp(), (x) => x.mul(1.001).exp(), 'output y 1'],
    ['a chaotic one gives no numbers', chaotic, (x) => chaotic(x).div(0), 'output y Infinity'],
    ['its values are random', chaotic, (x, run) => chaotic(x.add(run + 1)), 'other values in every run'],
  ])('is refused where %s', (_, eager, replayed, sentence) => {
    const check = () => agreementBetween(eager, replayed)
    expect(check).toThrow(ReplayDiffers)
    expect(check).toThrow(sentence)
  })
})
