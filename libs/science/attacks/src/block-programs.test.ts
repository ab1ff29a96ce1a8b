import { tf, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attack, Script } from './attack.ts'
import type { Ball } from './ball.ts'
import { blockRunner } from './block-programs.ts'
import type { BlockEnd, BlockStart } from './block.ts'
import { attacksOf, ensembleOf } from './ensemble.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'
import type { Network } from './network.ts'
import { someImages } from './testing/arbitraries.ts'
import { classes, imagesOf, third, tinyConvolution } from './testing/tiny-models.ts'

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

const scriptsOf = (attack: Attack): Script[] =>
  fixed.map((_, i) => attack.script({ seed: 1, image: `image ${i}`, run: 0 }, [4, 4, 3]))

function startOf(attack: Attack): BlockStart {
  const images = imagesOf(fixed.map(({ image }) => image))
  const labels = tinyConvolution(images).argMax(1).toInt() as BlockStart['labels']
  const state = attack.enter(images, tf.tensor2d(scriptsOf(attack).map(({ start }) => [...start])))
  return { images, labels, targets: tf.tensor1d([1, 2, 3], 'int32'), state, ...cuesFrom(attack, 0) }
}

function cuesFrom(attack: Attack, first: number): { cues: Tensor3D; left: BlockStart['left'] } {
  const rowsAt = (step: number) => scriptsOf(attack).map((script) => [...script.cue(step)])
  return { cues: tf.tensor3d(Array.from({ length: steps }, (_, i) => rowsAt(first + i))), left: tf.fill([3], steps) }
}

describe.each(balls)('blocks of steps in the %s ball', (norm, ball) => {
  const { entries, ...ensemble } = ensembleOf('standard', norm as Ball['norm'], classes)
  const attacks = attacksOf({ ...ensemble, entries: entries.map((entry) => ({ ...entry, iterations: 60 })) }, ball)

  it.each(attacks.map((attack) => [attack.name, attack] as const))(
    'are the same captured and step by step: %s',
    (_, attack) => {
      const setting = { ball, logits: tinyConvolution, block: steps }
      const [eager, captured] = [blockRunner(attack, setting), blockRunner(attack, { ...setting, network })] as const
      let start = startOf(attack)
      for (const first of [0, steps]) {
        const [expected, actual] = [eager.run(start), captured.run(start)]
        expectSame(actual, expected)
        start = { ...start, ...cuesFrom(attack, first + steps), state: expected.state }
      }
      captured.dispose()
    },
  )
})

function expectSame({ seen: { point, ...numbers }, steps: done }: BlockEnd, expected: BlockEnd): void {
  expect(done.dataSync()[0]).toBe(expected.steps.dataSync()[0])
  expect(point.sub(expected.seen.point).abs().max().dataSync()[0]).toBeLessThan(1e-5)
  for (const [name, values] of Object.entries(numbers)) {
    const others = expected.seen[name as keyof typeof numbers].dataSync()
    values.dataSync().forEach((value, i) => {
      if (value !== others[i]) expect(value, name).toBeCloseTo(others[i]!, 4)
    })
  }
}

describe('a block', () => {
  it('ends when a row in sixteen or more has nothing left to do, and looks no further than a row may', () => {
    const ball = linf(1e-6)
    const [attack] = attacksOf(ensembleOf('apgd-ce', 'Linf', classes), ball) as [Attack]
    const start = { ...startOf(attack), left: tf.tensor1d([3, 2, 3]) }
    const { seen, steps: done } = blockRunner(attack, { ball, logits: tinyConvolution, block: steps }).run(start)
    expect([...seen.looks.dataSync(), ...done.dataSync()]).toEqual([2, 2, 2, 2])
  })

  it('stops at what a row shows first', () => {
    const ball = linf(1e-6)
    const [attack] = attacksOf(ensembleOf('apgd-ce', 'Linf', classes), ball) as [Attack]
    const start = startOf(attack)
    const wrong = { ...start, labels: start.labels.add(1).mod<BlockStart['labels']>(tf.scalar(classes, 'int32')) }
    const { seen } = blockRunner(attack, { ball, logits: tinyConvolution, block: steps }).run(wrong)
    expect([...seen.looks.dataSync()]).toEqual([1, 1, 1])
    expect([...seen.prediction.dataSync()]).toEqual([...start.labels.dataSync()])
  })
})
