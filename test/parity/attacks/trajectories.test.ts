import {
  apgdAttack,
  ballOf,
  crossEntropy,
  differenceOfLogitsRatio,
  fabAttack,
  inputsOfSteps,
  l1,
  squareAttack,
  targetedDifferenceOfLogitsRatio,
  type Attack,
  type Ball,
  type LogitsFunction,
  type Loss,
} from '@gauntlet/attacks'
import { tf, type Tensor2D } from '@gauntlet/engine'
import { describe, expect, it } from 'vitest'
import { fixtures, unpacked, type RecordedQueries, type RecordedRun } from './fixtures.ts'

const { trajectories } = fixtures
const [images, side, classes] = [2, 6, 6]
const coordinates = side * side * 3
const losses: Record<string, Loss> = {
  ce: crossEntropy,
  dlr: differenceOfLogitsRatio,
  'dlr-targeted': targetedDifferenceOfLogitsRatio,
}

/** x → tanh(x A) B, as in make_fixtures.py. */
const smooth: LogitsFunction = (points) => {
  const inner = tf.matMul<Tensor2D>(
    points.reshape<Tensor2D>([-1, coordinates]),
    tf.tensor2d(unpacked(trajectories.first), [coordinates, 8]),
  )
  return tf.matMul<Tensor2D>(inner.tanh<Tensor2D>(), tf.tensor2d(unpacked(trajectories.second), [8, classes]))
}

/**
 * The points of every step, [images · coordinates], of a run that starts from recorded noise. `inputsOf` gives the
 * inputs of a step for both images.
 */
function run(attack: Attack, noise: Float32Array, inputsOf: (step: number) => readonly number[]): Float32Array[] {
  return tf.tidy(() => {
    const origin = tf.tensor4d(unpacked(trajectories.images), [images, side, side, 3])
    const [labels, targets] = [trajectories.labels, trajectories.targets].map((values) => tf.tensor1d(values, 'int32'))
    let state = attack.initialState(origin, tf.tensor2d(noise, [images, noise.length / images]))
    return Array.from({ length: attack.steps }, (_, step) => {
      const width = inputsOf(step).length / images
      const stepInputs = tf.tensor3d([...inputsOf(step)], [1, images, width], 'float32')
      const inputs = inputsOfSteps(attack, stepInputs, origin)(tf.scalar(0, 'int32'))
      const next = attack.step({ logits: smooth, images: origin, labels: labels!, targets: targets! }, state, inputs)
      state = next.state
      return next.point.dataSync() as Float32Array
    })
  })
}

/** The step inputs of an attack that draws nothing after its start, the same for both images. */
function undrawn(attack: Attack): (step: number) => readonly number[] {
  const { stepInput } = attack.runInputs({ seed: 0, image: '', run: 0 }, [side, side, 3])
  return (step) => Array.from({ length: images }, () => [...stepInput(step)]).flat()
}

function expectPoints(
  found: readonly Float32Array[],
  { steps, points, resolved = found.length }: RecordedRun,
  within = 2e-6,
): void {
  expect(found).toHaveLength(steps.at(-1)! + 1)
  expect(resolved).toBeGreaterThan(7)
  const expected = unpacked(points)
  steps.forEach((step, i) => {
    if (step >= resolved) return
    const worst = Math.max(...found[step]!.map((value, j) => Math.abs(value - expected[i * images * coordinates + j]!)))
    expect(worst, `step ${step}`).toBeLessThanOrEqual(within)
  })
}

describe.each(['Linf', 'L2', 'L1'] as const)("AutoAttack's trajectories in the %s ball, its noise replayed", (norm) => {
  const ball: Ball = ballOf(norm, trajectories.epsilons[norm])

  it.each(['ce', 'dlr', 'dlr-targeted'])('APGD on %s', (name) => {
    const recorded = trajectories[`apgd ${name} ${norm}`]!
    const attack = apgdAttack({ name, ball, loss: losses[name]!, iterations: 25, restarts: 1, targets: 0 })
    expectPoints(run(attack, unpacked(recorded.noise!), undrawn(attack)), recorded)
  })

  /** In the L1 ball one coordinate takes what is left of a sum over all of them, and with it the sum's rounding. */
  const fabTolerance = norm === 'L1' ? 1e-4 : 2e-6

  it('FAB at a target', () => {
    const attack = fabAttack({ name: 'fab-t', ball, iterations: 20, restarts: 1, targets: 1 })
    expectPoints(
      run(attack, new Float32Array(images * coordinates), undrawn(attack)),
      trajectories[`fab-t ${norm}`]!,
      fabTolerance,
    )
  })

  it('FAB at all classes, from a random start', () => {
    const recorded = trajectories[`fab ${norm}`]!
    const attack = fabAttack({ name: 'fab', ball, iterations: 20, restarts: 2, targets: 0 })
    expectPoints(run(attack, unpacked(recorded.noise!), undrawn(attack)), recorded, fabTolerance)
  })

  it('Square', () => {
    const recorded: RecordedQueries = trajectories[`square ${norm}`]!
    const small: Ball = ballOf(norm, recorded.epsilon)
    const attack = squareAttack({ name: 'square', ball: small, queries: 30, restarts: 1 })
    const [draws, width] = [unpacked(recorded.queries), small.squares.queryDraws([side, side, 3])]
    const rowOf = (query: number, image: number) => [
      ...draws.subarray((query * images + image) * width, (query * images + image + 1) * width),
    ]
    const inputsOf = (step: number) =>
      [0, 1].flatMap((image) =>
        step === 0
          ? new Array<number>(width + 1).fill(0)
          : [small.squares.side(step - 1, [side, side, 3]), ...rowOf(step - 1, image)],
      )
    expectPoints(run(attack, unpacked(recorded.start), inputsOf), recorded)
  })
})

describe("AutoAttack's trajectory in three phases, its noise replayed", () => {
  it('APGD in the L1 ball', () => {
    const recorded = trajectories['apgd phases L1']!
    const ball: Ball = l1(trajectories.epsilons.L1)
    const attack = apgdAttack({
      name: 'ce',
      ball,
      loss: crossEntropy,
      iterations: 25,
      restarts: 1,
      targets: 0,
      phases: [3, 2, 1],
    })
    expectPoints(run(attack, unpacked(recorded.noise!), undrawn(attack)), recorded)
  })
})
