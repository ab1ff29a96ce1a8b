import type { LogitsFunction } from '@gauntlet/attacks'
import { corruptImage } from '@gauntlet/corruptions'
import { tf } from '@gauntlet/engine'
import { contactSheet, differenceTile, encodePng, type Tile } from '@gauntlet/pictures'
import { corruptionNames, digestOfBytes } from '@gauntlet/study'

/** The severity of the paper's portfolio. */
const severity = 3

/** One row of a sheet. */
export interface SheetRow {
  /** The image and an attacked copy of it, [side, side, 3] in [0, 1]. */
  readonly clean: Float32Array
  readonly attacked: Float32Array
  readonly label: number
  /** The text under the attacked copy. */
  readonly title: string
}

/** The model that predicts the classes on a sheet, the side of its images, and the seed of the corruptions. */
export interface SheetSettings {
  readonly logits: LogitsFunction
  readonly side: number
  readonly seed: number
}

/**
 * Draws a sheet and gives the bytes of a PNG file. Each row has an image as it is, its attacked copy, the amplified
 * difference between the two around grey, and the image under a corruption of the portfolio, each with the class that
 * the model predicts.
 */
export async function attackSheet(rows: readonly SheetRow[], settings: SheetSettings): Promise<Uint8Array> {
  const tiles: Tile[][] = []
  for (const [i, row] of rows.entries())
    tiles.push(await tilesOf(row, corruptionNames[i % corruptionNames.length]!, settings))
  return encodePng(contactSheet(tiles))
}

async function tilesOf(
  { clean, attacked, label, title }: SheetRow,
  corruption: string,
  settings: SheetSettings,
): Promise<Tile[]> {
  const { side } = settings
  const seen = (pixels: Float32Array) => {
    const prediction = predictionOf(settings, pixels)
    return { pixels, side, verdict: `seen as ${prediction}`, isRight: prediction === label }
  }
  const corrupted = await corruptedImage(clean, corruption, settings)
  return [
    { ...seen(clean), title: `clean  label ${label}` },
    { ...seen(attacked), title },
    differenceTile(clean, attacked, side),
    { ...seen(corrupted), title: corruption.replaceAll('_', ' ') },
  ]
}

async function corruptedImage(clean: Float32Array, name: string, { side, seed }: SheetSettings): Promise<Float32Array> {
  const image = { data: Uint8Array.from(clean, (value) => Math.round(value * 255)), width: side, height: side }
  const { data } = await corruptImage(image, name, severity, {
    seed,
    purpose: 'corruption',
    image: digestOfBytes(image.data),
  })
  return Float32Array.from(data, (level) => level / 255)
}

function predictionOf({ logits, side }: SheetSettings, pixels: Float32Array): number {
  return tf.tidy(
    () =>
      logits(tf.tensor4d(pixels, [1, side, side, 3]))
        .argMax(1)
        .dataSync()[0]!,
  )
}
