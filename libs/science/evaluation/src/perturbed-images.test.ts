import { expect, it } from 'vitest'
import { writeSafetensors } from '@gauntlet/weights/safetensors'
import { decodePerturbedImages, encodePerturbedImages, PerturbedImagesUnreadable } from './perturbed-images.ts'

const image = (index: number) => ({
  index,
  clean: Uint8Array.from({ length: 12 }, (_, i) => i + index),
  perturbed: Float32Array.from({ length: 12 }, (_, i) => Math.fround(i / 7 + index)),
})

it('a file of perturbed images gives back every bit', () => {
  const images = [image(3), image(11)]
  expect(decodePerturbedImages(encodePerturbedImages(images, 2))).toEqual({ images, side: 2 })
})

const ours = { format: 'gauntlet-perturbed-images-1' }
const shapesOfTwo = { index: [2], clean: [2, 2, 2, 3], perturbed: [2, 2, 2, 3] }

it.each<[string, Record<string, string>, Partial<typeof shapesOfTwo>]>([
  ['another format', { format: 'pt' }, {}],
  ['a shape that no images have', ours, { clean: [24], perturbed: [24] }],
  ['fewer indices than images', ours, { index: [1] }],
  ['perturbed images of another shape', ours, { perturbed: [1, 2, 2, 3] }],
])('a file with %s is refused', (_, metadata, shapes) => {
  const { index, clean, perturbed } = { ...shapesOfTwo, ...shapes }
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
  const file = writeSafetensors(
    [
      { name: 'index', dtype: 'int32', shape: index, data: new Int32Array(sizeOf(index)) },
      { name: 'clean', dtype: 'uint8', shape: clean, data: new Uint8Array(sizeOf(clean)) },
      { name: 'perturbed', dtype: 'float32', shape: perturbed, data: new Float32Array(sizeOf(perturbed)) },
    ],
    metadata,
  )
  expect(() => decodePerturbedImages(file)).toThrow(PerturbedImagesUnreadable)
})
