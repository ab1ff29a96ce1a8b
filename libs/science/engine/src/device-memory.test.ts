import { expect, it } from 'vitest'
import { withinDeviceMemory } from './device-memory.ts'
import { OutOfMemory } from './out-of-memory.ts'
import { ProgramBuilder } from './programs/program-builder.ts'
import { tf, type Tensor } from './tf.ts'

const mebibyte = 2 ** 20
const resident = () => process.memoryUsage.rss()

/** Allocates 64 MiB at a time until it holds 2 GiB. */
function growing(): void {
  tf.tidy(() => {
    let x: Tensor = tf.ones([2 ** 24])
    for (let i = 0; i < 32; i++) x = x.exp().neg().add(x.sum())
  })
}

it('raises OutOfMemory where eager operators would exceed the memory of the process, and frees what they held', () => {
  const before = tf.memory().numTensors
  const run = () => withinDeviceMemory(growing, resident() + 400 * mebibyte)
  expect(run).toThrow(OutOfMemory)
  expect(run).toThrow(
    /^The device process would need \d+ MiB and may have \d+; use a smaller micro-batch, or fewer devices\.$/,
  )
  expect(tf.memory().numTensors).toBe(before)
  expect(() => withinDeviceMemory(() => tf.tidy(() => tf.ones([1000]).exp().sum().dataSync()))).not.toThrow()
})

it('frees what a gradient had saved when memory ran out', () => {
  const before = tf.memory().numTensors
  const x = tf.ones([2 ** 22])
  const chain = (y: Tensor) => {
    let z = y
    for (let i = 0; i < 400; i++) z = z.tanh()
    return z.sum()
  }
  expect(() => withinDeviceMemory(() => tf.grad(chain)(x), resident() + 200 * mebibyte)).toThrow(OutOfMemory)
  x.dispose()
  expect(tf.memory().numTensors).toBe(before)
})

it('raises OutOfMemory before it loads programs that could not run', () => {
  const builder = new ProgramBuilder({ w: tf.ones([2 ** 20]) })
  // The program takes 12 MiB when it runs eagerly. Its estimate is then set to 4 GiB.
  const load = (room: number) => withinDeviceMemory(() => builder.load(), resident() + room * mebibyte)
  const body = ({ x }: { x: Tensor }, { w }: { w: Tensor }) => ({ outputs: w.mul(x).sum() })
  const program = builder.capture('small', body, { x: tf.scalar(2) })
  load(200).dispose()
  Object.assign(program, { peakBytes: 4096 * mebibyte })
  expect(() => load(200)).toThrow(OutOfMemory)
  builder.dispose()
})
