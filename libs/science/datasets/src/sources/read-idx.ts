import { gunzipSync } from 'node:zlib'
import type { DatasetSource } from './dataset-source.ts'
import { greySource, type GreyImages } from './grey-images.ts'
import { InvalidDataset } from '../invalid-dataset.ts'
import { fileEnding } from './layouts/layout.ts'
import type { Scan } from './scan-files.ts'

/** Most bytes of an unpacked IDX file: ten times those of Fashion-MNIST. */
const largestIdx = 512 * 2 ** 20

/**
 * Reads IDX files under MNIST's names (`train-images-idx3-ubyte`, …), raw or gzipped. They have train and test splits,
 * and no validation split. Undefined where there are none.
 */
export function readIdx({ tables }: Scan, classes: number | undefined): DatasetSource | undefined {
  if (![...tables.keys()].some((name) => /-idx[13]-ubyte(?:\.gz)?$/.test(name))) return undefined
  const groups = [readPair(tables, 'train', 'train'), readPair(tables, 't10k', 'test')]
  const largest = groups.reduce((most, { labels }) => Math.max(most, ...new Set(Array.from(labels))), 0)
  const classNames = Array.from({ length: Math.max(classes ?? 0, largest + 1) }, (_, label) => String(label))
  return greySource(groups, { format: 'IDX files', classNames })
}

function readPair(tables: Scan['tables'], prefix: string, split: 'train' | 'test'): GreyImages {
  const [imageName, labelName] = [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`]
  const images = parseIdx(bytesOf(tables, imageName), imageName, 3)
  const labels = parseIdx(bytesOf(tables, labelName), labelName, 1)
  const [count, height, width] = images.shape as [number, number, number]
  if (labels.shape[0] !== count)
    throw new InvalidDataset(
      `The source has ${count} ${split} images but ${labels.shape[0]} labels; fetch the dataset again.`,
    )
  return { name: imageName, split, pixels: images.values, labels: labels.values, width, height }
}

function bytesOf(tables: Scan['tables'], name: string): Uint8Array {
  const found = fileEnding(tables.keys(), name) ?? fileEnding(tables.keys(), `${name}.gz`)
  if (!found)
    throw new InvalidDataset(
      `The source has no ${name} or ${name}.gz; install the dataset there or name another folder.`,
    )
  const bytes = tables.get(found.name)!
  if (!found.name.endsWith('.gz')) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: largestIdx })
  } catch (error) {
    throw new InvalidDataset(`${found.name} cannot be unpacked (${(error as Error).message}); fetch the dataset again.`)
  }
}

/**
 * Reads an IDX file (LeCun's MNIST page): two zero bytes, type 8 for unsigned bytes, the number of dimensions, each
 * size in 32 bits big-endian, and the values.
 */
export function parseIdx(bytes: Uint8Array, name: string, dimensions: number): { shape: number[]; values: Uint8Array } {
  const headerLength = 4 + 4 * dimensions
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < headerLength || view.getUint32(0) !== 0x0800 + dimensions) {
    throw new InvalidDataset(
      `${name} is not an IDX file of unsigned bytes in ${dimensions} dimensions; fetch the dataset again.`,
    )
  }
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i))
  const values = bytes.subarray(headerLength)
  if (shape.some((size) => size === 0) || shape.reduce((product, size) => product * size, 1) !== values.length) {
    throw new InvalidDataset(
      `${name} announces ${shape.join(' × ')} bytes but holds ${values.length}; fetch the dataset again.`,
    )
  }
  return { shape, values }
}
