import { expect, it } from 'vitest'
import { ProgramBuilder } from './programs/index.ts'
import { collectBuffers, tensorBytesInUse } from './tensor-memory.ts'
import { tf, type Rank } from './tf.ts'

const square = 4 * 512 ** 2

it('counts eager tensors while they live', () => {
  const before = tensorBytesInUse()
  const x = tf.fill([512, 512], 2)
  const y = x.square()
  expect(tensorBytesInUse()).toBe(before + 2 * square)
  tf.dispose([x, y])
  expect(tensorBytesInUse()).toBe(before)
})

it('counts the state of programs, and no byte more after a thousand runs', () => {
  const before = tensorBytesInUse()
  const [start, x] = [tf.zeros<Rank.R2>([512, 512]), tf.ones([512, 512])]
  const builder = new ProgramBuilder({ sum: start })
  const program = builder.capture(
    'step',
    ({ x }, { sum }) => ({ outputs: sum.mean(), state: { sum: sum.mul(0.5).add(x!) as never } }),
    { x },
  )
  const session = builder.load()
  const runs = (count: number) => {
    for (let i = 0; i < count; i++) session.run(program, { x }).dispose()
  }
  runs(2)
  const running = tensorBytesInUse()
  expect(running).toBeGreaterThanOrEqual(before + 2 * square)
  runs(1000)
  expect(tensorBytesInUse()).toBe(running)
  session.dispose()
  builder.dispose()
  tf.dispose([start, x])
  expect(tensorBytesInUse()).toBe(before)
})

it('collects large buffers that nothing refers to', () => {
  const make = (bytes: number) => new Uint8Array(bytes).fill(1).length
  make(2 ** 26)
  const before = process.memoryUsage().arrayBuffers
  collectBuffers()
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(2 ** 26)
})
