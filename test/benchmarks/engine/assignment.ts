import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { backboneFor } from '@gauntlet/backbones'
import { uniform } from '@gauntlet/engine/random'
import { writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { hashFilledModel } from '../../parity/backbones/hash-filling.ts'
import type { Assignment } from './side.ts'

/** The settings of one comparison. */
export interface BenchmarkCase {
  readonly backbone: string
  /** Side of the images, in pixels. */
  readonly side: number
  readonly batch: number
  readonly threads: number
  readonly frozen: boolean
}

const classes = 10

/** Writes the model and the images for all sides: hash-filled weights, since times do not depend on them, and noise. */
export async function writeAssignment(folder: string, comparison: BenchmarkCase): Promise<Assignment> {
  const { side, batch, threads, frozen } = comparison
  const backbone = backboneFor(comparison.backbone)
  const files = { parameters: join(folder, 'parameters.safetensors'), batch: join(folder, 'batch.safetensors') }
  await mkdir(folder, { recursive: true })
  await writeFile(files.parameters, writeSafetensors(hashFilledModel(backbone.specifications(classes))))
  await writeFile(files.batch, writeSafetensors(noise(side, batch)))
  return {
    ...files,
    backbone: backbone.id,
    classes,
    normalisation: backbone.normalisation,
    side,
    attackEpsilon: 4 / 255,
    attackIterations: 3,
    learningRate: 1e-5,
    weightDecay: 1e-6,
    threads,
    frozen,
  }
}

function noise(side: number, batch: number): NamedArray[] {
  const shape = [batch, side, side, 3]
  const pixels = uniform({ seed: 0, purpose: 'benchmark' }, batch * side * side * 3)
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes)
  return [
    { name: 'images', dtype: 'float32', shape, data: pixels },
    { name: 'labels', dtype: 'int32', shape: [batch], data: labels },
  ]
}
