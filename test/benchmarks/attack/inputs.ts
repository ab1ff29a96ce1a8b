import { stackImages } from '@gauntlet/datasets'
import { tf, type Rank, type Tensor4D } from '@gauntlet/engine'
import { readSafetensors, writeSafetensors } from '@gauntlet/weights'
import { readFileSync, writeFileSync } from 'node:fs'
import { heldOutDigits, side } from '../../parity/attacks/digits.ts'
import type { AttackedNetwork } from './networks.ts'

/**
 * Writes the first held-out digits to a file that both sides read: `images` [count, height, width, channels] in [0, 1]
 * and `labels`.
 */
export function writeInputs(file: string, count: number, shape: AttackedNetwork['shape']): void {
  const [resolution, , channels] = shape
  const { images, labels } = heldOutDigits()
  const coloured = images.slice(0, count).map((grey) => ({
    data: Uint8Array.from({ length: 3 * grey.length }, (_, i) => grey[Math.floor(i / 3)]!),
    width: side,
    height: side,
  }))
  const stacked = stackImages(coloured, resolution)
  const data = channels === 3 ? stacked : stacked.filter((_, i) => i % 3 === 0)
  writeFileSync(
    file,
    writeSafetensors([
      { name: 'images', dtype: 'float32', shape: [count, ...shape], data },
      { name: 'labels', dtype: 'int32', shape: [count], data: Int32Array.from(labels.slice(0, count)) },
    ]),
  )
}

export function readInputs(file: string): { images: Tensor4D; labels: number[] } {
  const { arrays } = readSafetensors(readFileSync(file))
  const [images, labels] = ['images', 'labels'].map((name) => arrays.find((array) => array.name === name)!)
  return {
    images: tf.tensor<Rank.R4>(images!.data as Float32Array, images!.shape as Tensor4D['shape']),
    labels: [...(labels!.data as Int32Array)],
  }
}
