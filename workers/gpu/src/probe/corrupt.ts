import type { CorruptProbe } from '@gauntlet/contract'
import { corruptImage, knownCorruption, knownSeverity } from '@gauntlet/corruptions'
import type { Rgb8Image } from '@gauntlet/datasets'
import { InvalidInput, digestOfBytes } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import type { Probe } from './probe.ts'
import { requireArray, requireImages } from './probed-images.ts'
import { readArrays } from './probed-model.ts'
import { requireWritable, writeResult } from './write-result.ts'

/**
 * Writes the images under a corruption, in the same shape, with every value a whole level / 255. A pixel between two
 * levels counts as the nearer one. An image is corrupted at the size it has, and its random numbers depend on the seed
 * and its own bytes, not on its place. `labels` are copied, for `probe forward`.
 */
export const probeCorrupt: Probe<CorruptProbe> = async ({ inputs, out, corruption, severity, seed }, report) => {
  requireWritable(out)
  const name = knownCorruption(corruption)
  knownSeverity(severity)
  const arrays = readArrays(inputs, 'inputs')
  const images = requireArray(arrays, inputs, 'images', 'float32 [n, height, width, 3]')
  const [count, height, width] = requireImages(images)
  const pixels = images.data as Float32Array
  requireUnit(pixels)
  const corrupted = new Float32Array(pixels.length)
  const size = height * width * 3
  for (let i = 0; i < count; i++) {
    const image = imageOf(pixels.subarray(i * size, (i + 1) * size), width, height)
    const { data } = await corruptImage(image, name, severity, {
      seed,
      purpose: 'corruption',
      image: digestOfBytes(image.data),
    })
    for (let j = 0; j < size; j++) corrupted[i * size + j] = data[j]! / 255
    report(i + 1, count)
  }
  const labels: NamedArray[] = arrays.filter((array) => array.name === 'labels')
  await writeResult(out, [{ ...images, data: corrupted }, ...labels])
  return `${out}: images [${images.shape.join(', ')}] under ${name}, severity ${severity}, seed ${seed}`
}

function requireUnit(pixels: Float32Array): void {
  const outside = pixels.findIndex((value) => !(value >= 0 && value <= 1))
  if (outside >= 0)
    throw new InvalidInput(
      `The inputs cannot be used: element ${outside} of images is ${pixels[outside]}; give pixels in [0, 1].`,
    )
}

function imageOf(pixels: Float32Array, width: number, height: number): Rgb8Image {
  return { data: Uint8Array.from(pixels, (value) => Math.round(value * 255)), width, height }
}
