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

it.each([
  ['another format', { format: 'pt' }, [2, 2, 2, 3]],
  ['a shape that no images have', { format: 'gauntlet-perturbed-images-1' }, [24]],
])('a file with %s is refused', (_, metadata, shape) => {
  const file = writeSafetensors(
    [
      { name: 'index', dtype: 'int32', shape: [2], data: new Int32Array(2) },
      { name: 'clean', dtype: 'uint8', shape, data: new Uint8Array(24) },
      { name: 'perturbed', dtype: 'float32', shape, data: new Float32Array(24) },
    ],
    metadata,
  )
  expect(() => decodePerturbedImages(file)).toThrow(PerturbedImagesUnreadable)
})
