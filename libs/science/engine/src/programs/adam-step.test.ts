import { expect, it } from 'vitest'
import { normal } from '../random.ts'
import { tf, type Scalar, type Tensor } from '../tf.ts'
import { adamStep, type AdamTensors } from './adam-step.ts'
import { ProgramBuilder } from './program-builder.ts'
import { CaptureRefused } from '../recording/refusals.ts'
import { loop } from './loop.ts'

const betas = { beta1: 0.9, beta2: 0.95 }
const draw = (purpose: string) => tf.tensor(normal({ seed: 1, purpose }, 24), [4, 6])
const start = (): AdamTensors => ({
  value: draw('value'),
  firstMoment: draw('first'),
  secondMoment: draw('second').square(),
  gradient: draw('gradient'),
})
const factors = () => ({ kept: tf.scalar(0.9), rate: tf.scalar(0.01), epsilon: tf.scalar(1e-8) })

function captured(isDecayed: boolean) {
  const builder = new ProgramBuilder({ one: start(), other: start() })
  const program = builder.capture(
    'step',
    ({ kept, rate, epsilon }, { one, other }) => {
      const shared = { rate: rate as Scalar, epsilon: epsilon as Scalar }
      const decay = isDecayed ? { kept: kept as Scalar } : {}
      return {
        outputs: { before: one.value.sum(), size: one.gradient.square().sum() },
        state: {
          one: adamStep(one, { ...shared, ...decay }, betas) as never,
          other: adamStep(other, { ...shared, ...decay }, betas) as never,
        },
      }
    },
    factors(),
  )
  return { builder, program }
}

it.each([true, false])(
  'gives in a program, in the memory of the state, what it gives eagerly; decayed: %s',
  (isDecayed) => {
    const { builder, program } = captured(isDecayed)
    const session = builder.load()
    const { kept, ...rest } = factors()
    let expected = start()
    for (let i = 0; i < 3; i++) {
      const gradient = draw(`gradient ${i}`)
      session.setState({ one: { gradient }, other: { gradient } } as never)
      expected = { ...expected, gradient }
      const { before, size } = session.run(program, { kept, ...rest })
      expect(before.arraySync()).toBeCloseTo(expected.value.sum().dataSync()[0]!, 4)
      expect(size.arraySync()).toBeCloseTo(gradient.square().sum().dataSync()[0]!, 4)
      expected = adamStep(expected, { ...rest, ...(isDecayed ? { kept } : {}) }, betas)
      const { one, other } = session.state()
      for (const name of ['value', 'firstMoment', 'secondMoment', 'gradient'] as const) {
        expect(distance(one[name], expected[name]), name).toBeLessThan(1e-6)
        expect(distance(other[name], expected[name]), name).toBeLessThan(1e-6)
      }
    }
    session.dispose()
    builder.dispose()
  },
)

it('needs beside the state no more than one tensor at a time', () => {
  const { program } = captured(true)
  const operators = program.nodes.map(({ operator }) => operator)
  expect(operators.filter((name) => name === 'ResourceApplyAdam')).toHaveLength(2)
  expect(operators).not.toContain('Sqrt')
  expect(program.peakBytes).toBeLessThan((8 + 1.5) * 24 * 4 + 100)
})

it('is refused where its results are not returned as the state that it took', () => {
  const capture = (change: (stepped: AdamTensors) => object) =>
    new ProgramBuilder(start()).capture(
      'step',
      ({ rate, epsilon }, state) => ({
        outputs: {},
        state: change(adamStep(state, { rate: rate as Scalar, epsilon: epsilon as Scalar }, betas)) as never,
      }),
      factors(),
    )
  expect(() => capture(({ value, firstMoment, secondMoment }) => ({ value, firstMoment, secondMoment }))).toThrow(
    CaptureRefused,
  )
  expect(() => capture((all) => ({ ...all, value: all.firstMoment, firstMoment: all.value }))).toThrow(
    'return all four',
  )
  expect(() => capture((all) => ({ ...all, value: all.value.mul(2), gradient: all.gradient }))).toThrow(
    'return all four',
  )
  const inLoop = () =>
    new ProgramBuilder({}).capture(
      'loop',
      (inputs) => ({ outputs: loop(2, inputs, (at) => adamStep(at as AdamTensors, factors(), betas) as never) }),
      start(),
    )
  expect(inLoop).toThrow(/adam-step\.test\.ts:\d+:\d+: adamStep stands inside a loop/)
})

function distance(one: Tensor, other: Tensor): number {
  return tf.tidy(() => one.sub(other).abs().max().dataSync()[0]!)
}
