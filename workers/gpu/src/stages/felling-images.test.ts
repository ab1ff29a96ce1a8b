import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FellingImages, firstFallen } from './felling-images.ts'

const pixelsOf = (index: number) => Float32Array.of(index, index / 2)

it('keeps the first five that fell, in whatever order they fall and wherever the evaluation is interrupted', () => {
  const fallen = fc.uniqueArray(fc.nat(50), { maxLength: 20 })
  fc.assert(
    fc.property(fallen, fc.nat(20), (indices, interruptedAfter) => {
      let images = new FellingImages()
      indices.forEach((index, i) => {
        if (i === interruptedAfter) images = new FellingImages(images.list())
        images.add(index, pixelsOf(index))
      })
      const first = [...indices].sort((a, b) => a - b).slice(0, 5)
      expect(images.list()).toEqual(first.map((index) => ({ index, pixels: pixelsOf(index) })))
      const outcomes = Array.from({ length: 51 }, (_, index) => ({ index, held: !indices.includes(index) }))
      expect(firstFallen(outcomes)).toEqual(first)
    }),
  )
})

it('does not keep the memory of an image that is used again', () => {
  const images = new FellingImages()
  const pixels = Float32Array.of(1)
  images.add(0, pixels)
  pixels[0] = 2
  expect(images.list()[0]!.pixels[0]).toBe(1)
})
