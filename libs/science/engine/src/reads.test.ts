import { expect, it } from 'vitest'
import { readsDuring } from './reads.ts'
import { tf } from './tf.ts'

it('counts the operators that read a tensor, also where they read it reshaped or twice, and the caller', () => {
  const [x, y] = [tf.ones([2, 3]), tf.ones([3, 2])]
  const reads = readsDuring(() => {
    x.square()
    x.reshape([3, 2]).add(y)
    x.mul(x)
    return y
  })
  expect([reads.get(x.dataId), reads.get(y.dataId)]).toEqual([3, 2])
  x.square()
  expect(reads.get(x.dataId)).toBe(3)
})

it('ends with what it watches, also where that fails', () => {
  const x = tf.ones([2])
  const failing = () => {
    throw new RangeError('Here.')
  }
  expect(() => readsDuring(failing)).toThrow('Here.')
  expect(readsDuring(() => x).get(x.dataId)).toBe(1)
  expect(x.square().arraySync()).toEqual([1, 1])
})
