import fc from 'fast-check'
import { expect, it } from 'vitest'
import { uniform, type RandomKey } from '../random.ts'
import { tf, type Scalar, type Tensor2D } from '../tf.ts'
import { drawUniform, keyTensor } from './counter-random.ts'
import { loop } from './loop.ts'
import { ProgramBuilder } from './program-builder.ts'

const keys: fc.Arbitrary<RandomKey[]> = fc.array(
  fc.record({ seed: fc.nat(), purpose: fc.string(), image: fc.string() }),
  {
    minLength: 1,
    maxLength: 4,
  },
)
const steps = fc.nat(0x7fffffff)

it('draws the bits of uniform for every key and step, whatever else is in the batch', () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 21 }), steps, (batch, count, step) => {
      const rows = drawUniform(keyTensor(batch), count, step)
      expect([...rows.dataSync()]).toEqual(batch.flatMap((key) => [...uniform(key, count, step)]))
    }),
    { numRuns: 20 },
  )
})

it('draws the same bits inside a program, and other bits in each iteration of a loop', () => {
  const batch = Array.from({ length: 3 }, (_, i): RandomKey => ({ seed: 5, purpose: 'inside', image: String(i) }))
  const builder = new ProgramBuilder({})
  const program = builder.capture(
    'draws',
    ({ keyed }) => ({
      outputs: loop(4, { sum: tf.zeros([3, 6]) as Tensor2D, last: tf.zeros([3, 6]) as Tensor2D }, ({ sum }, i) => {
        const last = drawUniform(keyed as Tensor2D, 6, i)
        return { sum: sum.add<Tensor2D>(last), last }
      }),
    }),
    { keyed: keyTensor(batch) },
  )
  const session = builder.load()
  const { last } = session.run(program, { keyed: keyTensor(batch) })
  expect([...last.dataSync()]).toEqual(batch.flatMap((key) => [...uniform(key, 6, 3)]))
  session.dispose()
  builder.dispose()
})

it('refuses numbers made in JavaScript while a program is captured', () => {
  const builder = new ProgramBuilder({})
  const frozen = () => ({ outputs: tf.tensor1d(uniform({ seed: 1, purpose: 'frozen' }, 3)).sum() as Scalar })
  expect(() => builder.capture('frozen', frozen, {})).toThrow(
    /counter-random\.test\.ts:\d+:\d+: random numbers made in JavaScript/,
  )
})
