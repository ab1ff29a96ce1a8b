import { corrupt } from '@gauntlet/corruptions'
import { tf } from '@gauntlet/engine'
import { evaluationMode } from '@gauntlet/nn'
import { corruptionNames, digestOfBytes } from '@gauntlet/study'
import { renameSync, writeFileSync } from 'node:fs'
import { contactSheet, type Tile } from './picture/contact-sheet.ts'
import { encodePng } from './picture/png.ts'
import type { ProbedImages } from './probed-images.ts'
import type { LoadedModel } from './probed-model.ts'

/** Images on a sheet; the first ones. */
const most = 12
/** As in the study's portfolio. */
const severity = 3

/** Draws the first images, each as it is, attacked, the difference between the two amplified around grey, and under a corruption, with what the model takes them for. */
export async function writeAttackSheet(
  path: string,
  model: LoadedModel,
  images: ProbedImages,
  attacked: Float32Array,
  seed: number,
): Promise<void> {
  const side = images.shape[1]
  const size = side * side * 3
  const rows: Tile[][] = []
  for (let i = 0; i < Math.min(images.count, most); i++) {
    const [clean, moved] = [images.pixels, attacked].map((pixels) => pixels.subarray(i * size, (i + 1) * size)) as [
      Float32Array,
      Float32Array,
    ]
    const name = corruptionNames[i % corruptionNames.length]!
    const corrupted = await corruptedImage(clean, side, name, seed)
    const label = images.labels[i]!
    const seen = (pixels: Float32Array) => {
      const prediction = predictionOf(model, pixels, side)
      return { pixels, side, verdict: `seen as ${prediction}`, isRight: prediction === label }
    }
    rows.push([
      { ...seen(clean), title: `clean  label ${label}` },
      { ...seen(moved), title: 'attacked' },
      differenceTile(clean, moved, side),
      { ...seen(corrupted), title: name.replaceAll('_', ' ') },
    ])
  }
  const draft = `${path}.${process.pid}.part`
  writeFileSync(draft, encodePng(contactSheet(rows)))
  renameSync(draft, path)
}

/** The offset times what makes its largest coordinate fill the range, 0 being grey. */
function differenceTile(clean: Float32Array, moved: Float32Array, side: number): Tile {
  const offset = moved.map((value, i) => value - clean[i]!)
  const largest = offset.reduce((size, value) => Math.max(size, Math.abs(value)), 0)
  const factor = largest > 0 ? 0.5 / largest : 0
  const pixels = offset.map((value) => 0.5 + factor * value)
  const verdict = largest > 0 ? `times ${factor.toFixed(factor < 10 ? 1 : 0)}` : 'none'
  return { pixels, side, title: 'difference', verdict, isRight: null }
}

async function corruptedImage(clean: Float32Array, side: number, name: (typeof corruptionNames)[number], seed: number) {
  const image = { data: Uint8Array.from(clean, (value) => Math.round(value * 255)), width: side, height: side }
  const { data } = await corrupt(image, name, severity, { seed, purpose: 'corruption', image: digestOfBytes(image.data) })
  return Float32Array.from(data, (level) => level / 255)
}

function predictionOf({ backbone, parameters }: LoadedModel, pixels: Float32Array, side: number): number {
  return tf.tidy(() => {
    const logits = backbone.logits(tf.tensor4d(pixels, [1, side, side, 3]), parameters, evaluationMode)
    return logits.argMax(1).dataSync()[0]!
  })
}
