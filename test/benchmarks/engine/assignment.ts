import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { backboneFor, freshHead, isHead } from '@gauntlet/backbones'
import { uniform } from '@gauntlet/engine/random'
import { fetchSource } from '@gauntlet/sources'
import { backboneCatalogue } from '@gauntlet/study'
import { loadStrictly, readCheckpoint, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import type { Assignment } from './side.ts'

/** timm's `efficientnet_lite0`: symmetric zeros, which PyTorch's convolutions add themselves; TensorFlow's rule would cost it a copy. */
export const backboneId = 'efficientnet_lite0.ra_in1k'

/** Whose published weights are used: the other variant's, which have the same names and shapes. */
const weightsId = 'tf_efficientnet_lite0.in1k'

/** What is compared. */
export interface Comparison {
  /** Side of the images, in pixels. */
  readonly side: number
  readonly batch: number
  readonly threads: number
}

/** Writes the model and the images that all sides work on: the real weights with a fresh head of ten classes, and noise. */
export async function writeAssignment(folder: string, cacheFolder: string, comparison: Comparison): Promise<Assignment> {
  const { side, batch, threads } = comparison
  const classes = 10
  const files = { parameters: join(folder, 'parameters.safetensors'), batch: join(folder, `batch-${side}.safetensors`) }
  await mkdir(folder, { recursive: true })
  await writeFile(files.parameters, writeSafetensors(await startingPoint(cacheFolder, classes)))
  await writeFile(files.batch, writeSafetensors(noise(side, batch, classes)))
  return { ...files, classes, attackEpsilon: 4 / 255, attackIterations: 3, learningRate: 1e-5, threads }
}

async function startingPoint(cacheFolder: string, classes: number): Promise<NamedArray[]> {
  const backbone = backboneFor(backboneId)
  const { source, sha256 } = backboneCatalogue.find(({ id }) => id === weightsId)!.weights
  const published = backbone.adoptCheckpoint(
    await readCheckpoint(await fetchSource(source, sha256!, { cacheFolder: join(cacheFolder, 'sources') })),
  )
  const body = published.filter(({ name }) => !isHead(backbone, name))
  return loadStrictly([...body, ...freshHead(backbone, classes, 0)], backbone.specifications(classes)).arrays
}

function noise(side: number, batch: number, classes: number): NamedArray[] {
  const shape = [batch, side, side, 3]
  const pixels = uniform({ seed: 0, purpose: 'benchmark' }, batch * side * side * 3)
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes)
  return [
    { name: 'images', dtype: 'float32', shape, data: pixels },
    { name: 'labels', dtype: 'int32', shape: [batch], data: labels },
  ]
}
