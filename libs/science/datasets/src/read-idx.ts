import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { DatasetSource } from './dataset-source.ts'
import { greySource, type GreyImages } from './grey-images.ts'
import { InvalidDataset } from './invalid-dataset.ts'

/** Most bytes of an unpacked IDX file: ten times those of Fashion-MNIST. */
const largestFile = 512 * 2 ** 20

/**
 * Reads a folder of IDX files under MNIST's names (`train-images-idx3-ubyte`, …), raw or gzipped. It has train and test
 * splits, and no validation split.
 */
export async function readIdxFolder(folder: string): Promise<DatasetSource> {
  const names = await readdir(folder)
  const train = await readPair(folder, names, 'train', 'train')
  const test = await readPair(folder, names, 't10k', 'test')
  return greySource([train, test])
}

async function readPair(
  folder: string,
  names: readonly string[],
  prefix: string,
  split: 'train' | 'test',
): Promise<GreyImages> {
  const images = parseIdx(
    await readNamed(folder, names, `${prefix}-images-idx3-ubyte`),
    `${prefix}-images-idx3-ubyte`,
    3,
  )
  const labels = parseIdx(
    await readNamed(folder, names, `${prefix}-labels-idx1-ubyte`),
    `${prefix}-labels-idx1-ubyte`,
    1,
  )
  const [count, height, width] = images.shape as [number, number, number]
  if (labels.shape[0] !== count)
    throw new InvalidDataset(
      `${folder} has ${count} ${split} images but ${labels.shape[0]} labels; fetch the dataset again.`,
    )
  return { split, pixels: images.values, labels: labels.values, width, height }
}

async function readNamed(folder: string, names: readonly string[], name: string): Promise<Uint8Array> {
  const found = [name, `${name}.gz`].find((candidate) => names.includes(candidate))
  if (!found)
    throw new InvalidDataset(
      `${folder} has no ${name} or ${name}.gz; install the dataset there or name another folder.`,
    )
  const bytes = await readFile(join(folder, found))
  if (!found.endsWith('.gz')) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: largestFile })
  } catch (error) {
    throw new InvalidDataset(`${found} cannot be unpacked (${(error as Error).message}); fetch the dataset again.`)
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
