import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attack, RunInputs } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import { blockRunner } from './block-programs.ts'
import type { BlockInput, BlockOutput } from './block.ts'
import { attacksOf, ensembleOf } from './ensemble.ts'
import { l1 } from '../balls/l1.ts'
import { l2 } from '../balls/l2.ts'
import { linf } from '../balls/linf.ts'
import type { Network } from '../attack/network.ts'
import { someImages } from '../testing/arbitraries.ts'
import { classes, imagesOf, third, tinyConvolution } from '../testing/tiny-models.ts'

const balls: [string, Ball][] = [
  ['Linf', linf(0.05)],
  ['L2', l2(0.3)],
  ['L1', l1(1)],
]
const fixed = fc.sample(someImages, { seed: 8, numRuns: 3 }).flat().slice(0, 3)
const steps = 3

/** The tests' convolution with its kernel as a parameter. */
const network: Network = {
  parameters: { kernel: tf.tensor4d(third, [3, 3, 3, classes]) },
  logits: (images, { kernel }) =>
    tf
      .conv2d(images, kernel as Tensor4D, 1, 'same')
      .relu()
      .mean<Tensor2D>([1, 2])
      .mul(4),
}

const runInputsOf = (attack: Attack): RunInputs[] =>
  fixed.map((_, i) => attack.runInputs({ seed: 1, image: `image ${i}`, run: 0 }, [4, 4, 3]))

function inputOf(attack: Attack): BlockInput {
  const images = imagesOf(fixed.map(({ image }) => image))
  const labels = tinyConvolution(images).argMax(1).toInt() as BlockInput['labels']
  const state = attack.initialState(images, tf.tensor2d(runInputsOf(attack).map(({ noise }) => [...noise])))
  return { images, labels, targets: tf.tensor1d([1, 2, 3], 'int32'), state, ...stepInputsFrom(attack, 0) }
}

function stepInputsFrom(attack: Attack, first: number): Pick<BlockInput, 'stepInputs' | 'stepsLeft'> {
  const rowsAt = (step: number) => runInputsOf(attack).map((inputs) => [...inputs.stepInput(step)])
  const stepInputs = tf.tensor3d(Array.from({ length: steps }, (_, i) => rowsAt(first + i)))
  return { stepInputs, stepsLeft: tf.fill([3], steps) }
}

describe.each(balls)('blocks of steps in the %s ball', (norm, ball) => {
  const { entries, ...ensemble } = ensembleOf('standard', norm as Ball['norm'], classes)
  const attacks = attacksOf({ ...ensemble, entries: entries.map((entry) => ({ ...entry, iterations: 60 })) }, ball)

  it.each(attacks.map((attack) => [attack.name, attack] as const))(
    'give the same captured as step by step: %s',
    (_, attack) => {
      const setting = { ball, logits: tinyConvolution, blockSteps: steps }
      const [eager, captured] = [blockRunner(attack, setting), blockRunner(attack, { ...setting, network })] as const
      let input = inputOf(attack)
      for (const first of [0, steps]) {
        const [expected, actual] = [eager.run(input), captured.run(input)]
        expectSame(actual, expected)
        input = { ...input, ...stepInputsFrom(attack, first + steps), state: expected.state }
      }
      captured.dispose()
    },
  )
})

function expectSame({ deciding: { point, ...numbers }, steps: taken }: BlockOutput, expected: BlockOutput): void {
  expect(taken.dataSync()[0]).toBe(expected.steps.dataSync()[0])
  expect(point.sub(expected.deciding.point).abs().max().dataSync()[0]).toBeLessThan(1e-5)
  for (const [name, values] of Object.entries(numbers)) {
    const others = expected.deciding[name as keyof typeof numbers].dataSync()
    values.dataSync().forEach((value, i) => {
      if (value !== others[i]) expect(value, name).toBeCloseTo(others[i]!, 4)
    })
  }
}

describe('a block', () => {
  const ball = linf(1e-6)
  const [attack] = attacksOf(ensembleOf('apgd-ce', 'Linf', classes), ball) as [Attack]
  const runner = blockRunner(attack, { ball, logits: tinyConvolution, blockSteps: steps })

  it('ends when more than one row in sixteen is done, and takes no more steps of a row than are left', () => {
    const input = { ...inputOf(attack), stepsLeft: tf.tensor1d([3, 2, 3]) }
    const { deciding, steps: taken } = runner.run(input)
    expect([...deciding.stepsTaken.dataSync(), ...taken.dataSync()]).toEqual([2, 2, 2, 2])
  })

  it('decides a row at its first misclassified point', () => {
    const input = inputOf(attack)
    const labels = input.labels.add(1).mod<BlockInput['labels']>(tf.scalar(classes, 'int32'))
    const { deciding } = runner.run({ ...input, labels })
    expect([...deciding.stepsTaken.dataSync()]).toEqual([1, 1, 1])
    expect([...deciding.prediction.dataSync()]).toEqual([...input.labels.dataSync()])
  })
})
