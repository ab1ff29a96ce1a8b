import type { Backbone } from '@gauntlet/backbones'
import type { ProbedModel } from '@gauntlet/contract'
import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { LoadedModel } from './probed-model.ts'

/** The images and labels of a probe, checked. */
export interface ProbedImages {
  readonly count: number
  /** [count, height, width, 3]. */
  readonly shape: readonly [number, number, number, number]
  readonly pixels: Float32Array
  readonly labels: Int32Array
  /** The images `from` up to `to`, [to − from, height, width, 3]. */
  batch(from: number, to: number): Tensor4D
  /** Their labels, [to − from]. */
  batchLabels(from: number, to: number): Tensor1D
}

/** The side of the square images among the inputs, in pixels; undefined where there are none. */
export function sideOfImages(arrays: readonly NamedArray[]): number | undefined {
  const shape = arrays.find(({ name }) => name === 'images')?.shape ?? []
  return shape.length === 4 && shape[1] === shape[2] ? shape[1] : undefined
}

/**
 * Checks `images` (float32 [n, height, width, 3], in [0, 1] unless the contract is `none`) and `labels` (int32 or int64
 * [n]) of the inputs.
 */
export function readProbedImages(
  arrays: readonly NamedArray[],
  { inputs, contract }: ProbedModel,
  { backbone, classes }: LoadedModel,
): ProbedImages {
  const images = requireArray(arrays, inputs, 'images', 'float32 [n, height, width, 3]')
  const labels = asInt32(requireArray(arrays, inputs, 'labels', 'int32 or int64 [n]'))
  const shape = requireImages(images)
  requireSize(shape, backbone)
  requirePixels(images.data as Float32Array, contract === 'none')
  requireLabels(labels, shape[0], classes)
  return imagesOf(shape, images.data as Float32Array, Int32Array.from(labels.data as Int32Array))
}

function imagesOf(shape: ProbedImages['shape'], pixels: Float32Array, labels: Int32Array): ProbedImages {
  const [count, height, width] = shape
  const size = height * width * 3
  return {
    count,
    shape,
    pixels,
    labels,
    batch: (from, to) => tf.tensor4d(pixels.subarray(from * size, to * size), [to - from, height, width, 3]),
    batchLabels: (from, to) => tf.tensor1d(labels.subarray(from, to), 'int32'),
  }
}

/** The tensor of this name; `form` says in the message what it should be. */
export function requireArray(arrays: readonly NamedArray[], path: string, name: string, form: string): NamedArray {
  const array = arrays.find((one) => one.name === name)
  if (!array) throw new InvalidInput(`The inputs ${path} have no tensor called ${name}; add one, ${form}.`)
  return array
}

/** The shape of images, at least one, channels last. */
export function requireImages({ dtype, shape }: NamedArray): ProbedImages['shape'] {
  if (dtype !== 'float32') refuse(`images are ${dtype}; give float32 in [0, 1]`)
  if (shape.length !== 4 || shape[3] !== 3)
    refuse(`images have the shape [${shape.join(', ')}]; give [n, height, width, 3]`)
  if (shape.includes(0)) refuse(`images have the shape [${shape.join(', ')}]; give at least one`)
  return shape as unknown as ProbedImages['shape']
}

function requireSize([, height, width]: ProbedImages['shape'], { id, resolution }: Backbone): void {
  const { minimum, native, step = 1 } = resolution
  const fixed = minimum === native
  const fits = (side: number) => (fixed ? side === native : side >= minimum && side % step === 0)
  if (fits(height) && fits(width)) return
  const sizes = fixed
    ? `${native} × ${native}`
    : step > 1
      ? `multiples of ${step} from ${minimum} on`
      : `${minimum} × ${minimum} or more`
  refuse(`images are ${height} × ${width} pixels and ${id} computes with ${sizes}; resize them`)
}

function requirePixels(pixels: Float32Array, asTheyAre: boolean): void {
  const strange = pixels.findIndex((value) => !Number.isFinite(value))
  if (strange >= 0) refuse(`element ${strange} of images is ${pixels[strange]}; give finite numbers`)
  const outside = asTheyAre ? -1 : pixels.findIndex((value) => value < 0 || value > 1)
  if (outside >= 0)
    refuse(
      `element ${outside} of images is ${pixels[outside]}; give pixels in [0, 1], or --contract none for normalised ones`,
    )
}

/** Labels as PyTorch has them, int64, become int32. */
function asInt32(labels: NamedArray): NamedArray {
  if (labels.dtype !== 'int64') return labels
  return { ...labels, dtype: 'int32', data: Int32Array.from(labels.data as BigInt64Array, Number) }
}

function requireLabels({ dtype, shape, data }: NamedArray, count: number, classes: number): void {
  if (dtype !== 'int32') refuse(`labels are ${dtype}; give int32 or int64`)
  if (shape.length !== 1 || shape[0] !== count)
    refuse(`labels have the shape [${shape.join(', ')}] for ${count} images; give one for each image`)
  const wrong = (data as Int32Array).findIndex((label) => label < 0 || label >= classes)
  if (wrong >= 0)
    refuse(`label ${wrong} is ${(data as Int32Array)[wrong]}; with ${classes} classes give 0 to ${classes - 1}`)
}

function refuse(wrong: string): never {
  throw new InvalidInput(`The inputs cannot be used: ${wrong}.`)
}
