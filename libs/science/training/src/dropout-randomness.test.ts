import { keyTensor, tf } from '@gauntlet/engine'
import { dropout } from '@gauntlet/nn'
import { expect, it } from 'vitest'
import { dropoutKeys, dropoutRandomness } from './dropout-randomness.ts'

const rowsOf = (indices: readonly number[], { epoch = 0, pass = 0, draws = 1 } = {}): string[] => {
  const context = { training: true, randomness: dropoutRandomness(keyTensor(dropoutKeys(1, epoch, indices)), pass) }
  const masks = Array.from({ length: draws }, () => dropout(tf.ones([indices.length, 4, 30]), 0.5, context))
  return (masks.at(-1)!.reshape([indices.length, -1]).arraySync() as number[][]).map((row) => row.join(''))
}

it('drops the same of an image in any micro-batch', () => {
  const together = rowsOf([4, 7, 9])
  expect(rowsOf([9, 4])).toEqual([together[2], together[0]])
})

it('drops something else of another image, and in another epoch, pass and layer', () => {
  const rows = [rowsOf([4, 7]), rowsOf([4], { epoch: 1 }), rowsOf([4], { pass: 1 }), rowsOf([4], { draws: 2 })].flat()
  expect(new Set(rows).size).toBe(5)
})

it('drops the same of an image where only some of the images are computed', () => {
  const keys = keyTensor(dropoutKeys(1, 0, [4, 7, 9]))
  const all = dropoutRandomness(keys, 0).uniform([3, 40]).arraySync() as number[][]
  expect(dropoutRandomness(keys, 0).ofImages(1, 2).uniform([2, 40]).arraySync()).toEqual(all.slice(1))
})

it('draws for layers that have several rows of each image', () => {
  const keys = keyTensor(dropoutKeys(1, 0, [4, 7]))
  const [split, whole] = [
    [8, 30],
    [2, 120],
  ].map((shape) => [...dropoutRandomness(keys, 0).uniform(shape).dataSync()])
  expect(split).toEqual(whole)
})
