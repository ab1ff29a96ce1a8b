import { expect, it } from 'vitest'
import { nativeBackend } from '../operator.ts'
import { OutOfMemory } from '../out-of-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import { loop, repeatWhile } from './loop.ts'
import { ProgramBuilder } from './program-builder.ts'

const megabyte = 2 ** 20

it('does not grow over 10,000 runs', { timeout: 120_000 }, () => {
  const builder = new ProgramBuilder({ sum: tf.zeros([64, 64]), steps: tf.scalar(0) })
  const program = builder.capture(
    'step',
    ({ x }, { sum, steps }) => {
      const moved = loop(2, x!, (at) => at.mul(0.5).add(sum.mul(0.01)))
      return { outputs: { mean: moved.mean() }, state: { sum: moved as never, steps: steps.add(1) as never } }
    },
    { x: tf.ones([64, 64]) },
  )
  const session = builder.load()
  const x = tf.ones([64, 64])
  const runs = (count: number) => {
    for (let i = 0; i < count; i++) session.run(program, { x }).mean.dispose()
  }
  runs(1000)
  const [tensors, resident] = [nativeBackend().getNumOfTFTensors(), process.memoryUsage().rss]
  runs(9000)
  expect(nativeBackend().getNumOfTFTensors()).toBe(tensors)
  // A leak of one tensor of the state per run would be 147 MB.
  expect((process.memoryUsage().rss - resident) / megabyte).toBeLessThan(30)
  expect(session.state().steps.arraySync()).toBe(10_000)
  session.dispose()
  builder.dispose()
})

it('raises OutOfMemory where the device has no room, and runs again afterwards', { timeout: 60_000 }, () => {
  const builder = new ProgramBuilder({})
  const program = builder.capture(
    'tiled',
    ({ x, rounds }) => {
      const beyondAddresses = () => x!.tile([2 ** 23]).sum() // 128 TiB
      const start = { total: tf.scalar(0) as Tensor }
      return {
        outputs: repeatWhile(
          (_, i) => i.less(rounds!),
          start,
          () => ({ total: beyondAddresses() }),
          { atMost: 9 },
        ),
      }
    },
    { x: tf.ones([2 ** 22]), rounds: tf.scalar(0, 'int32') },
  )
  const session = builder.load()
  const run = (rounds: number) => session.run(program, { x, rounds: tf.scalar(rounds, 'int32') }).total
  const x = tf.ones([2 ** 22])
  expect(run(0).arraySync()).toBe(0)
  const before = nativeBackend().getNumOfTFTensors()
  // TensorFlow waits ten seconds for memory before it fails.
  expect(() => run(1)).toThrow(
    new OutOfMemory('The device has no memory left for [35184372088832]; use a smaller micro-batch.'),
  )
  expect(nativeBackend().getNumOfTFTensors()).toBe(before + 1) // the number of rounds
  expect(run(0).arraySync()).toBe(0)
  session.dispose()
  builder.dispose()
})

it('knows its peak: the most bytes that are live at once in the recorded order', () => {
  const builder = new ProgramBuilder({ w: tf.ones([1000]) })
  const body = ({ x }: { x: Tensor }, { w }: { w: Tensor }) => {
    const wide = x.reshape([1, 1000]).mul(w.reshape([1000, 1])) // 4 MB
    const other = wide.transpose() // 4 MB more; the sum overwrites one of the two
    return { outputs: wide.add(other).sum() }
  }
  const { peakBytes } = builder.capture('wide', body, { x: tf.ones([1000]) })
  expect(peakBytes / 1e6).toBeGreaterThan(8)
  expect(peakBytes / 1e6).toBeLessThan(8.1)
})
