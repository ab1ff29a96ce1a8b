import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { tf } from '../tf.ts'
import { SpilledTensors } from './spilled-tensors.ts'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-test-'))
vi.stubEnv('TMPDIR', folder)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

it('gives the values back, as often as they are read, and leaves no file with a name', () => {
  const spilled = new SpilledTensors()
  const values = [
    tf.tensor2d([[0.5, -0], [NaN, Infinity]]), // prettier-ignore
    tf.tensor1d([], 'float32'),
    tf.tensor1d([1, -2, 2 ** 31 - 1], 'int32'),
    tf.tensor1d([true, false, true], 'bool'),
  ].map((tensor) => {
    const values = spilled.spill(tensor)
    tensor.dispose()
    return values
  })
  expect(readdirSync(folder)).toEqual([])
  for (let i = 0; i < 2; i++) {
    expect(values.map((each) => [each.dtype, each.size, each.dataSync()])).toEqual([
      ['float32', 4, Float32Array.of(0.5, -0, NaN, Infinity)],
      ['float32', 0, new Float32Array()],
      ['int32', 3, Int32Array.of(1, -2, 2 ** 31 - 1)],
      ['bool', 3, Uint8Array.of(1, 0, 1)],
    ])
  }
  spilled.dispose()
})
