import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights/safetensors'

/* The file of images that an evaluation keeps for whoever looks. Nothing that is imported here loads the engine. */

/** An image of the test split and what a perturbation made of it. */
export interface PerturbedImage {
  /** Its place in the test split. */
  readonly index: number
  /** [side, side, 3], a byte a channel. */
  readonly clean: Uint8Array
  /** [side, side, 3] in [0, 1], bit for bit what the model was shown. */
  readonly perturbed: Float32Array
}

/** The bytes are not such a file; a retry does not help. */
export class PerturbedImagesUnreadable extends Error {
  override readonly name = 'PerturbedImagesUnreadable'
}

/** The media type of the artifact. */
export const perturbedImagesMediaType = 'application/vnd.safetensors'

const format = 'gauntlet-perturbed-images-1'

/** Writes images of one side as safetensors; the same images always give the same bytes. */
export function encodePerturbedImages(images: readonly PerturbedImage[], side: number): Uint8Array {
  const [count, size] = [images.length, side * side * 3]
  const index = Int32Array.from(images, (image) => image.index)
  const clean = new Uint8Array(count * size)
  const perturbed = new Float32Array(count * size)
  images.forEach((image, i) => {
    clean.set(image.clean, i * size)
    perturbed.set(image.perturbed, i * size)
  })
  const shape = [count, side, side, 3]
  const arrays: NamedArray[] = [
    { name: 'index', dtype: 'int32', shape: [count], data: index },
    { name: 'clean', dtype: 'uint8', shape, data: clean },
    { name: 'perturbed', dtype: 'float32', shape, data: perturbed },
  ]
  return writeSafetensors(arrays, { format })
}

/** Reads what `encodePerturbedImages` wrote. Bytes from elsewhere are not trusted. */
export function decodePerturbedImages(bytes: Uint8Array): {
  readonly images: readonly PerturbedImage[]
  readonly side: number
} {
  const { arrays, metadata } = readSafetensors(bytes)
  const named = (name: string) => arrays.find((array) => array.name === name)
  const [index, clean, perturbed] = [named('index'), named('clean'), named('perturbed')]
  const [count, side] = clean?.shape ?? []
  const isWhole =
    metadata['format'] === format &&
    index?.data instanceof Int32Array &&
    clean?.data instanceof Uint8Array &&
    perturbed?.data instanceof Float32Array &&
    String(index.shape) === String([count]) &&
    String(clean.shape) === String([count, side, side, 3]) &&
    String(perturbed.shape) === String(clean.shape)
  if (!isWhole) throw new PerturbedImagesUnreadable('This is not a file of perturbed images; read another artifact.')
  const size = side! * side! * 3
  const [indices, bytesOf, values] = [
    index.data as Int32Array,
    clean.data as Uint8Array,
    perturbed.data as Float32Array,
  ]
  const images = Array.from(indices, (place, i) => ({
    index: place,
    clean: bytesOf.subarray(i * size, (i + 1) * size),
    perturbed: values.subarray(i * size, (i + 1) * size),
  }))
  return { images, side: side! }
}
