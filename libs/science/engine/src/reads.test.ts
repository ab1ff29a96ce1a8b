import { expect, it } from 'vitest'
import { readsDuring } from './reads.ts'
import { tf } from './tf.ts'

it('counts the caller and the operators that read a tensor, once each where they read it reshaped or twice', () => {
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

it('stops counting when the work ends, also where it fails', () => {
  const x = tf.ones([2])
  const failing = () => {
    throw new RangeError('Here.')
  }
  expect(() => readsDuring(failing)).toThrow('Here.')
  expect(readsDuring(() => x).get(x.dataId)).toBe(1)
  expect(x.square().arraySync()).toEqual([1, 1])
})
