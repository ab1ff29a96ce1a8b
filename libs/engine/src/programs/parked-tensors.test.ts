import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { tf } from '../tf.ts'
import { ParkedTensors } from './parked-tensors.ts'

it('gives the numbers back, as often as they are asked for, and leaves no file by name', () => {
  const parked = new ParkedTensors()
  const values = [
    tf.tensor2d([[0.5, -0], [NaN, Infinity]]), // prettier-ignore
    tf.tensor1d([], 'float32'),
    tf.tensor1d([1, -2, 2 ** 31 - 1], 'int32'),
    tf.tensor1d([true, false, true], 'bool'),
  ].map((tensor) => {
    const values = parked.park(tensor)
    tensor.dispose()
    return values
  })
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('gauntlet-parked-'))).toEqual([])
  for (let i = 0; i < 2; i++) {
    expect(values.map((each) => [each.dtype, each.size, each.dataSync()])).toEqual([
      ['float32', 4, Float32Array.of(0.5, -0, NaN, Infinity)],
      ['float32', 0, new Float32Array()],
      ['int32', 3, Int32Array.of(1, -2, 2 ** 31 - 1)],
      ['bool', 3, Uint8Array.of(1, 0, 1)],
    ])
  }
  parked.dispose()
})
